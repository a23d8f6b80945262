import type { en } from './en.ts';

/** Everything a person reads, in French. The same keys and placeholders as the English catalogue; a test holds that. */
export const fr: Readonly<Record<keyof typeof en, string>> = {
  'command.humo.name': 'humo',
  'command.humo.description': 'Fais une vidéo de quelqu’un qui parle, avec une image, une voix et un prompt',
  'command.humo.prompt.name': 'prompt',
  'command.humo.prompt.description': 'Décris la scène : qui, où, et ce qui se passe',
  'command.humo.image.name': 'image',
  'command.humo.image.description': 'Qui ou quoi montrer : PNG, JPEG, WebP, GIF ou AVIF',
  'command.humo.image2.name': 'image2',
  'command.humo.image2.description': 'Une deuxième personne ou chose',
  'command.humo.image3.name': 'image3',
  'command.humo.image3.description': 'Une troisième personne ou chose',
  'command.humo.image4.name': 'image4',
  'command.humo.image4.description': 'Une quatrième personne ou chose',
  'command.humo.audio.name': 'audio',
  'command.humo.audio.description':
    'Ce qui est dit : un fichier audio, un message vocal ou une vidéo avec du son',
  'command.humo.say.name': 'dire',
  'command.humo.say.description': 'Texte dit par une voix, à la place d’un audio',
  'command.humo.voice.name': 'voix',
  'command.humo.voice.description': 'Qui dit le texte ; par défaut, une voix dans sa langue',
  'command.humo.audio_start.name': 'début_audio',
  'command.humo.audio_start.description': 'Où commencer dans l’audio, en secondes',
  'command.humo.audio_end.name': 'fin_audio',
  'command.humo.audio_end.description': 'Où s’arrêter dans l’audio, en secondes ; par défaut, à la fin',
  'command.humo.clean.name': 'isoler',
  'command.humo.clean.description': 'Isoler la voix : HuMo n’entend ni musique ni bruit, la vidéo les garde',
  'clean.auto': 's’il y a de la musique',
  'clean.on': 'toujours',
  'clean.off': 'jamais',
  'command.humo.seconds.name': 'secondes',
  'command.humo.seconds.description': 'Durée de la vidéo en secondes ; avec un audio, c’est celle de l’audio',
  'command.humo.preset.name': 'qualité',
  'command.humo.preset.description': 'Plus c’est beau, plus c’est long',
  'command.humo.shape.name': 'format',
  'command.humo.shape.description': 'Paysage, portrait ou carré',
  'command.humo.seed.name': 'graine',
  'command.humo.seed.description': 'La même graine avec les mêmes données donne la même vidéo',
  'command.humo.private.name': 'privé',
  'command.humo.private.description': 'La réponse et la vidéo ne sont visibles que par toi',
  'voice.woman': 'femme',
  'voice.man': 'homme',
  'say.heard': 'Voici comment {voice} le dit ({seconds} s). Ta vidéo sera faite avec.',
  'preset.draft': 'Brouillon',
  'preset.draft.description': 'Un essai rapide, environ une minute de GPU',
  'preset.fast': 'Rapide',
  'preset.fast.description':
    'HuMo 17B en 4 étapes ; l’effet sur les lèvres et la ressemblance n’est pas mesuré',
  'preset.standard': 'Standard',
  'preset.standard.description':
    'HuMo 17B, deux fois moins de calcul ; lèvres aussi justes sur un petit modèle',
  'preset.final': 'Final',
  'preset.final.description': 'HuMo 17B en 720p, sans rien sauter ; cinq à dix fois plus long',
  'shape.landscape': 'Paysage',
  'shape.portrait': 'Portrait',
  'shape.square': 'Carré',
  'status.queued':
    '**Dans la file : numéro {position} sur {waiting}.** Commence <t:{start}:R>, prête <t:{end}:R>.',
  'status.queued_no_worker':
    '**Dans la file : numéro {position} sur {waiting}.** Aucune machine n’est en ligne pour l’instant ; ta vidéo commencera dès qu’il y en aura une.',
  'status.queued_other_machines':
    '**Dans la file : numéro {position} sur {waiting}.** Aucune machine capable de cette qualité n’est en ligne pour l’instant ; ta vidéo commencera dès qu’il y en aura une. Possible maintenant : {others}. Si tu préfères, annule et redemande.',
  'status.preset_named': '« {preset} »',
  'status.queued_waking':
    '**Dans la file : numéro {position} sur {waiting}.** Un GPU démarre pour toi ; il devrait être prêt <t:{ready}:R>.',
  'status.next': '**Ta vidéo est la prochaine.** Commence <t:{start}:R>, prête <t:{end}:R>.',
  'status.running': '**{stage}** {bar} {percent} %',
  'status.running_steps': '**{stage}** {bar} étape {step} sur {steps}',
  'status.time_left': 'Encore environ {duration}.',
  'status.stage_of_shot': '{stage} · plan {number} sur {of}',
  'status.stage.prepare': 'Préparation',
  'status.stage.encode': 'Lecture de tes fichiers',
  'status.stage.denoise': 'Peinture des images',
  'status.stage.decode': 'Développement du film',
  'status.stage.compress': 'Compression de la vidéo',
  'status.delivered': 'Ta vidéo est là : {link}',
  'status.delivered_private': 'Ta vidéo est ci-dessous.',
  'status.delivered_direct': 'Je t’ai envoyé la vidéo en message privé : {link}',
  'status.ended': 'Ça n’a pas marché cette fois. Pourquoi : {link}',
  'status.ended_private': 'Ça n’a pas marché cette fois ; la raison est ci-dessous.',
  'status.undeliverable':
    'Je n’ai pas pu envoyer le résultat, ni ici ni en message privé. S’il y a une vidéo, elle est dans `/historique`.',
  'status.audio':
    'Audio : {start}–{end} sur {total} · {frames, plural, one {# frame} other {# frames}} ({seconds, number, ::.00} s)',
  'status.no_audio':
    '{frames, plural, one {# frame} other {# frames}} ({seconds, number, ::.00} s), sans son',
  'status.take_windows':
    'Une seule prise continue, en {windows, plural, one {# fenêtre} other {# fenêtres}}.',
  'status.take_shots': '{shots, plural, one {# plan} other {# plans}}, coupés aux pauses de l’audio.',
  'status.settings':
    '{preset} · {width}×{height} · {steps, plural, one {# étape} other {# étapes}} · graine {seed}',
  'status.cost': 'Demande environ {duration} de temps de GPU.',
  'status.cost_guess':
    'Demande environ {duration} de temps de GPU. Ces temps sont une estimation : je n’en ai pas encore fait de pareille ici.',
  'status.last_words':
    'Discord ne me laisse plus mettre ce message à jour. Je continue : `/tâches` montre où ça en est, et je t’enverrai la vidéo en message privé.',
  'status.lost':
    '**Je ne connais plus cette demande.** Ce que j’en avais enregistré a disparu : il n’en sortira pas de vidéo. Si tu en veux une, redemande-la.',
  'status.moved': 'La suite est ici : {link}',
  'status.identifier': '-# {id}',
  'status.private_route':
    'Ce message n’est visible que par toi. Si ça dure plus de 15 minutes, je t’enverrai la vidéo en message privé : Discord ne me laisse plus répondre ici après.',
  'status.direct_route':
    'Je ne suis pas membre de ce serveur, donc ce message ne sera plus mis à jour dans 15 minutes. Si la vidéo n’est pas prête d’ici là, je te l’enverrai en message privé.',
  'status.group_route':
    'Je ne suis pas membre de ce groupe, donc ce message ne sera plus mis à jour dans 15 minutes. Si la vidéo n’est pas prête d’ici là, je te l’enverrai en message privé.',
  'advice.heading': 'Pour la prochaine fois :',
  'advice.said_later': 'Ton texte sera dit juste avant de faire la vidéo ; d’ici là, sa durée est estimée.',
  'advice.image_tiny':
    'l’image {number} est petite ({width}×{height}) ; avec au moins {minimum} pixels sur le petit côté, les visages sont plus nets',
  'advice.audio_silent':
    'cette partie de l’audio est silencieuse, les lèvres bougeront à peine ; essaie un autre `début_audio`',
  'advice.length_limited':
    'ici, une vidéo dure au plus {seconds, plural, one {# seconde} other {# secondes}}, le reste de l’audio n’est donc pas utilisé ; choisis une autre partie avec `début_audio`',
  'advice.frames_beyond_training':
    'au-delà de {frames} frames, ça marche, mais c’est un peu moins net ; un audio plus court donne la meilleure qualité',
  'advice.no_machine':
    '{others, select, none {aucune machine n’est en ligne pour l’instant ; la vidéo sera faite dès qu’il y en aura une} other {aucune machine capable de ce préréglage n’est en ligne pour l’instant ; la vidéo sera faite dès qu’il y en aura une. Possible maintenant : {others}}}',
  'advice.mini_weights':
    '**Ce serveur utilise un petit modèle de démo : visages de dessin animé, dix scènes. Pas la qualité de HuMo.**',
  'advice.random_weights':
    '**Ce serveur tourne avec `weights: random` : la vidéo montre du bruit, pas une personne.**',
  'result.heading': '<@{userId}>, ta vidéo est prête.',
  'result.begun': '<@{userId}>, ta vidéo est prête ; un instant…',
  'result.prompt': '> {prompt}',
  'result.made_with_ai': 'Créé avec l’IA',
  'result.alternative_text': 'Vidéo créée avec l’IA, {seconds} s : {prompt}',
  'label.made_with_ai': 'Créé avec l’IA',
  'label.generated': 'Généré par IA',
  'label.ai': 'IA',
  'label.small': 'petite',
  'label.medium': 'moyenne',
  'label.large': 'grande',
  'label.top_left': 'en haut à gauche',
  'label.top_right': 'en haut à droite',
  'label.bottom_left': 'en bas à gauche',
  'label.bottom_right': 'en bas à droite',
  'result.details': '{preset} · {width}×{height} · graine `{seed}` · en {duration} ({gpu} sur le GPU)',
  'result.weights_mini':
    'Petit modèle de démo : visages de dessin animé, dix scènes. Pas la qualité de HuMo.',
  'result.weights_random':
    '**`weights: random`** – ce serveur n’a pas les fichiers du modèle ; ça montre que tout marche, pas ce que HuMo sait faire.',
  'result.downscaled':
    'Plus petite que {width}×{height}, pour tenir dans la limite de taille de Discord ici.',
  'result.identifier': '-# {id}',
  'ending.failed': '<@{userId}>, ça n’a pas marché cette fois.',
  'ending.cancelled': '<@{userId}>, annulée.',
  'ending.reference': '-# Référence : {id}',
  'cancel.asked': 'J’annule…',
  'cancel.finished': 'C’est déjà fini ; il n’y a plus rien à annuler.',
  'cancel.unknown': 'Je ne connais plus cette demande ; il n’y a plus rien à annuler.',
  'cancel.delete_there': 'C’est déjà fini. Pour supprimer la vidéo, réagis à son message avec ❌.',
  'cancel.not_yours': 'Seule la personne qui a demandé cette vidéo, ou la modération, peut l’annuler.',
  'notice.direct_messages':
    'Salut ! Quand une de tes vidéos dure plus de 15 minutes, ou que je ne peux pas publier là où tu l’as demandée, je l’envoie ici.',
  'notice.restarted':
    'J’ai redémarré pendant que je lisais tes fichiers ; rien n’a été mis dans la file. Relance la commande, s’il te plaît.',
  'reaction.refused': '<@{userId}>, {reason}',
  'reaction.refused_personally': 'tu ne peux pas faire de vidéos ici. `/humo` te dit pourquoi.',
  'refused.prompt_alone':
    'Il me faut quelque chose à voir ou à entendre : ajoute une `image`, un `audio`, ou les deux.\nExemple : `/humo prompt:Une femme raconte une blague dans un café image:visage.png audio:blague.mp3`',
  'refused.say_and_audio':
    'Tu as donné à la fois un texte à dire et un audio. Garde seulement l’un des deux.',
  'refused.voice_without_say':
    'Tu as choisi une `voix`, mais rien à lui faire dire. Ajoute `dire`, ou enlève `voix`.',
  'refused.blocked_picture':
    'Quelqu’un dit apparaître sur l’image {number} et ne veut pas qu’elle serve sur ce serveur ; rien n’a été fait. Si c’est une erreur, demande à la modération d’ici : elle peut lever le blocage.',
  'refused.blocked_sound':
    'Quelqu’un dit que c’est sa voix et ne veut pas qu’elle serve sur ce serveur ; rien n’a été fait. Si c’est une erreur, demande à la modération d’ici : elle peut lever le blocage.',
  'refused.not_agreed':
    'Confirme que tu peux utiliser cette image ou cette voix : envoie `"agreed": true` avec la demande, si la personne vue ou entendue est d’accord et que tu peux utiliser les fichiers.',
  'refused.audio_start_without_audio':
    'Il y a un `début_audio`, mais pas d’`audio`. Ajoute l’audio, ou enlève `début_audio`.',
  'refused.permissions':
    'Je ne peux pas encore travailler dans {channel} : il me manque {permissions}. Demande à quelqu’un qui gère ce serveur de l’autoriser, ou utilise un autre salon. Rien n’a été mis dans la file.',
  'refused.direct_messages_closed':
    'Je ne pourrais pas t’envoyer la vidéo : je ne suis pas membre ici, et tu n’acceptes pas mes messages privés. Autorise-les (Paramètres utilisateur → Contenu et social → Messages privés), ou utilise un serveur où je suis. Rien n’a été mis dans la file.',
  'refused.direct_messages_closed_private':
    'Une vidéo privée qui prend plus de 15 minutes arrive en message privé, et tu n’acceptes pas les miens. Autorise-les (Paramètres utilisateur → Contenu et social → Messages privés), ou rends-la publique : `privé:False`, ou pour toutes dans `/réglages`. Rien n’a été mis dans la file.',
  'refused.file': '**À propos de `{option}` :** {reason}',
  'refused.not_understood':
    'Je ne connais pas (ou plus) cette commande. Si elle vient de changer, recharge Discord avec Ctrl+R.',
  'refused.too_many_waiting':
    'Tu as {count, plural, one {# vidéo} other {# vidéos}} en attente, et c’est le maximum pour une personne ici. {known, select, yes {La première sera prête <t:{clears}:R> : attends-la, ou annules-en une.} other {Attends qu’une soit finie, ou annules-en une.}}',
  'refused.broken_text':
    'Ce texte contient un caractère cassé, peut-être une moitié d’emoji. Retape-le, ou enlève ce caractère.',
  'refused.prompt_empty': 'Le `prompt` est vide. Décris la scène en une phrase.',
  'refused.preset_gone':
    'Cette qualité n’est plus disponible. Rouvre le formulaire ou la commande et choisis-en une autre.',
  'refused.stopping':
    'Je vais redémarrer. Relance la commande dans une minute ; rien n’a été mis dans la file.',
  'api.unauthorised':
    'Il faut un jeton valable : envoie-le avec `Authorization: Bearer …`. Les responsables du bot en créent un avec `{command}`.',
  'api.forbidden': 'Ton jeton n’a pas ce droit : il lui manque `{scope}`.',
  'api.bad_person':
    '`Humo-Person` doit désigner l’une des personnes de ton jeton : 16 à 64 lettres, chiffres, `-` et `_`.',
  'api.not_found':
    'Cette vidéo n’existe pas, ou n’est pas à toi. Les données sont gardées {days, plural, one {# jour} other {# jours}}.',
  'api.no_such_address': 'Il n’y a rien à cette adresse. La liste est dans `/v1/openapi.json`.',
  'api.method_not_allowed': 'Cette adresse n’accepte pas cette méthode. Elle accepte : {allow}.',
  'api.invalid_request': 'Quelque chose ne va pas dans la requête ; `issues` dit quoi.',
  'api.invalid_part':
    'Je ne comprends pas la partie `{part}` du formulaire. Un formulaire contient un `request` (JSON), jusqu’à quatre fichiers `image` et un fichier `audio`, chacun avec un nom de fichier.',
  'api.nameless_part':
    'Une partie du formulaire n’a pas de nom. Chacune a besoin d’une ligne `Content-Disposition: form-data; name="…"` avant son contenu.',
  'api.encoded_body': 'Je n’accepte pas de contenu encodé. Envoie-le sans `Content-Encoding`.',
  'api.expectation_failed': 'Comme `Expect`, je ne connais que `100-continue`. Enlève-le.',
  'api.one_file':
    'Je ne comprends pas la partie `{part}` du formulaire. Il contient un fichier `{name}`, avec un nom de fichier.',
  'api.missing_part': 'Il manque le fichier `{name}` dans le formulaire.',
  'api.malformed_request': 'Ce n’est pas du HTTP valide. `/v1/openapi.json` dit ce que j’accepte.',
  'api.malformed_form':
    'Le formulaire est coupé ou n’est pas du `multipart/form-data`. Renvoie-le en entier.',
  'api.body_too_large': 'C’est plus que ce que j’accepte d’un coup. Réduis les fichiers.',
  'api.malformed_json': 'Ce n’est pas du JSON valide en UTF-8. Corrige-le et renvoie-le.',
  'api.broken_text': 'Un texte contient un demi-caractère : un surrogate isolé. Envoie de l’Unicode valide.',
  'api.still_open': 'La vidéo est encore en attente ou en cours. Annule-la d’abord, puis supprime-la.',
  'api.stands_in_discord':
    'Cette vidéo a été publiée dans Discord. Supprime-la là-bas, et elle disparaît ici aussi.',
  'api.again.deleted': 'Cette vidéo a été supprimée. Fais-en une nouvelle avec ses fichiers.',
  'api.again.expired':
    'Le serveur où elle a été faite garde les fichiers {days, plural, one {# jour} other {# jours}}, et cette vidéo est plus ancienne. Fais-en une nouvelle avec ses fichiers.',
  'api.again.sound_gone':
    'Je n’ai plus le reste de cet audio. Fais une nouvelle vidéo avec, ou laisse l’extrait tel quel.',
  'api.too_slow':
    'L’envoi était trop lent, alors j’ai cessé d’attendre. Renvoie-le avec une connexion plus rapide.',
  'api.too_many_uploads':
    'Tu envoies déjà autant que je peux recevoir à la fois. Attends la fin d’un envoi, ou quelques secondes.',
  'api.precondition_failed': 'Ce n’est pas la version indiquée par `If-Match`.',
  'api.headers_too_large': 'Les en-têtes de la requête sont trop longs. Envoies-en moins, ou de plus courts.',
  'api.key_in_use':
    'Une requête avec cette `Idempotency-Key` est encore en cours. Réessaie dans quelques secondes.',
  'api.key_of_another':
    'Cette `Idempotency-Key` appartient à une autre requête. Utilise une nouvelle clé pour une nouvelle requête.',
  'api.key_of_deleted':
    'La vidéo de cette `Idempotency-Key` a été supprimée. Utilise une nouvelle clé pour en faire une autre.',
  'api.invalid_key':
    'Cette `Idempotency-Key` n’est pas valable : 1 à 255 caractères ASCII imprimables, avec ou sans guillemets.',
  'api.webhook_refused':
    '`webhook` doit être une adresse https publique, sans nom d’utilisateur ni mot de passe. Autorise tes propres hôtes avec `API_WEBHOOK_OWN_HOSTS`.',
  'api.unsupported_content_type':
    'Je n’accepte pas ce type de contenu ici ; `/v1/openapi.json` dit lesquels j’accepte.',
  'api.too_many_requests':
    'Trop de requêtes en une minute. Attends aussi longtemps que le dit `Retry-After`.',
  'api.too_many_streams': 'Tu suis déjà {count} vidéos, et c’est le maximum. Fermes-en une.',
  'api.busy': 'Beaucoup de fichiers arrivent en ce moment. Réessaie dans quelques secondes.',
  'api.no_video': 'Il n’y a pas encore de vidéo.',
  'api.video_gone': 'Cette vidéo n’est plus disponible.',
  'api.no_preview': 'Il n’y a pas d’aperçu pour l’instant.',
  'api.range_beyond_end': 'La vidéo s’arrête avant cette partie.',
  'api.already_finished': 'C’est déjà fini ; il n’y a plus rien à annuler.',
  'api.refused.prompt_alone':
    'Il me faut quelque chose à voir ou à entendre : ajoute une image, un audio, ou les deux.',
  'api.refused.voice_without_say':
    'Il y a `voice` ou `language`, mais pas de `say`. Ajoute `say`, ou enlève-les.',
  'api.refused.audio_start_without_audio':
    'Il y a un `audioStart`, mais pas d’`audio`. Ajoute l’audio, ou enlève `audioStart`.',
  'api.refused.stopping': 'Je vais redémarrer. Réessaie dans une minute ; rien n’a été mis dans la file.',
  'permission.ViewChannel': '**Voir le salon**',
  'permission.SendMessages': '**Envoyer des messages**',
  'permission.SendMessagesInThreads': '**Envoyer des messages dans les fils**',
  'permission.AttachFiles': '**Joindre des fichiers**',
  'permission.ReadMessageHistory': '**Voir les anciens messages**',
  'refused.channel_gone': 'Je ne vois plus ce salon. Utilises-en un autre, s’il te plaît.',
  'button.stop': 'Annuler',
  'button.again': 'Encore',
  'button.better': 'Mieux',
  'button.edit': 'Modifier',
  'button.delete': 'Supprimer',
  'button.show': 'Montrer à nouveau',
  'button.stop_number': 'Annuler {number}',
  'button.show_number': 'Montrer {number}',
  'button.refresh': 'Actualiser',
  'button.newer': 'Plus récentes',
  'button.older': 'Plus anciennes',
  'button.look': 'Regarder',
  'button.look_number': 'Regarder {number}',
  'button.me': 'C’est moi',
  'button.purge': 'Supprimer avec toutes les reprises',
  'button.unblock_number': 'Débloquer {number}',
  'button.agree': 'Oui, continue',
  'button.disagree': 'Non',
  'menu.animate': 'Animer avec HuMo',
  'menu.details': 'Détails HuMo',
  'menu.made_here': 'Créé ici ?',
  'made_here.nothing': 'Ce message ne contient aucune vidéo.',
  'made_here.ours': '✅ **Créée par IA, avec ce bot**, <t:{when}:f>, avec {model} ({preset}).\n-# {id}',
  'made_here.ours_forgotten':
    '✅ **Créée par IA, avec ce bot**, il y a trop longtemps pour que j’en sache plus.',
  'made_here.elsewhere': '🤖 **Créée par IA**, avec le même logiciel, mais utilisé par quelqu’un d’autre.',
  'made_here.unmarked':
    'Je ne trouve ni signature ni filigrane. Ça ne prouve rien : une retouche peut effacer les deux, et d’autres outils n’en laissent pas.',
  'made_here.signature_says_nothing':
    'Je ne peux pas dire d’où elle vient : sa signature ne correspond pas au fichier.',
  'made_here.elsewhere_ai': '🤖 **Créée par IA**, ailleurs : sa signature indique {generator}.',
  'made_here.elsewhere_signed': 'Créée ailleurs : sa signature indique {generator}.',
  'made_here.watermark_only': '-# Reconnue à son filigrane seul : une copie retouchée ou réencodée.',
  'made_here.signed_own': '-# Signée par ce bot, et inchangée depuis.',
  'made_here.signed_trusted':
    '-# Signée par {name}, confirmé par une autorité de confiance, et inchangée depuis.',
  'made_here.signed_untrusted':
    '-# Signée par « {name} », et inchangée depuis. Personne n’a confirmé ce nom.',
  'made_here.changed': '⚠️ Elle est signée par « {name} », mais a été modifiée après.',
  'made_here.damaged': '⚠️ Elle porte une signature devenue illisible : elle a été abîmée ou modifiée.',
  'made_here.expired':
    '-# Le certificat a expiré, et aucun horodatage ne montre que la signature est antérieure.',
  'made_here.unreadable': 'Je n’arrive pas à lire ce fichier comme une vidéo.',
  'made_here.too_large': 'Je ne regarde que les vidéos de {megabytes} Mo au plus.',
  'made_here.not_on_discord':
    'Cette vidéo n’est pas sur Discord, je ne peux donc pas la regarder. Envoie-la ici, puis redemande.',
  'made_here.unavailable': 'Je n’ai pas pu obtenir ce fichier de Discord. Redemande dans un instant.',
  'made_here.more':
    '-# Ce message contient {count, plural, one {# autre fichier} other {# autres fichiers}}. J’en regarde {most} à la fois.',
  'made_here.asked_by': 'Pour la modération : demandé par <@{user}>.',
  'command.jobs.name': 'tâches',
  'command.jobs.description': 'Tes vidéos en attente ou en cours',
  'command.history.name': 'historique',
  'command.history.description': 'Tes vidéos terminées, avec les liens',
  'command.settings.name': 'réglages',
  'command.settings.description': 'Tes valeurs par défaut : qualité, format, confidentialité, notifications',
  'again.gone':
    'Je n’ai plus cette vidéo : je garde {days, plural, one {# jour} other {# jours}} ce qu’il faut pour en refaire une. Utilise `/humo` avec les fichiers, s’il te plaît.',
  'again.private_by_button':
    'Tes vidéos sont privées, et tout le monde verrait ma réponse à une réaction. Appuie plutôt sur le bouton sous la vidéo, ou change ça dans `/réglages`.',
  'again.reported':
    'Cette vidéo a été signalée. Dès que la modération la remontre, tu pourras t’en resservir.',
  'again.deleted': 'Cette vidéo a été supprimée. `/humo` en fait une nouvelle.',
  'again.not_yours':
    'Sur ce serveur, seule la personne qui a demandé une vidéo peut la refaire. Utilise `/humo` pour faire la tienne.',
  'again.expired':
    'Ce serveur garde les fichiers {days, plural, one {# jour} other {# jours}}, et cette vidéo est plus ancienne. Utilise `/humo` avec les fichiers, s’il te plaît.',
  'again.best_already':
    'C’est déjà la meilleure qualité. « Encore » fait un nouvel essai, « Modifier » change quelque chose.',
  'again.twice': 'J’ai compris la première fois ; c’est en route.',
  'again.sound_gone':
    'Je n’ai plus le reste de cet audio. Joins-le à nouveau dans le formulaire, ou laisse le début comme il était.',
  'again.edit_here': '<@{userId}>, appuie sur le bouton pour changer ce que tu veux.',
  'form.edit_title': 'Modifier et refaire',
  'form.animate_title': 'Animer avec HuMo',
  'form.prompt': 'Décris la scène',
  'form.look': 'Qualité et format',
  'form.start': 'Début de l’audio',
  'form.start_description': 'En secondes, ou comme 1:02.5',
  'form.say': 'Texte à dire',
  'form.say_description': 'Vide : comme avant, ou sans son',
  'form.seed': 'Graine',
  'form.seed_description': 'Vide : une nouvelle',
  'form.files': 'Nouveaux fichiers',
  'form.files_description': 'Les images remplacent les images, l’audio remplace l’audio. Vide : tout reste.',
  'refused.audio_start_invalid':
    'Je ne comprends pas le début de l’audio. Donne-le en secondes, comme `12.5`, ou comme `1:02.5` ; {most} secondes au plus.',
  'refused.seed_invalid':
    'La graine doit être un nombre entier de 0 à {most}. Laisse le champ vide pour une nouvelle.',
  'refused.file_kind':
    'Je ne sais pas ce qu’est `{name}`. Utilise des images (PNG, JPEG, WebP) et de l’audio (MP3, WAV, OGG) ou une vidéo avec du son.',
  'refused.images_too_many': 'Ça fait plus de {most} images. Choisis les {most} plus importantes.',
  'refused.sounds_too_many': 'Ça fait plus d’un audio. Choisis-en un.',
  'animate.nothing': 'Il n’y a ni image ni audio dans ce message. Choisis-en un autre, ou utilise `/humo`.',
  'animate.first_taken':
    'J’utilise les {most} premières images et le premier audio du message. Les fichiers que tu ajoutes ici les remplacent.',
  'animate.too_late':
    'Ce formulaire est resté ouvert trop longtemps. Ouvre-le à nouveau dans le menu du message.',
  'lineage.linked': 'Faite à partir de {link} : {what}.',
  'lineage.unlinked': 'Faite à partir d’une vidéo précédente : {what}.',
  'lineage.nothing': 'rien n’a changé',
  'change.seed': 'graine {from} → {to}',
  'change.preset': '{from} → {to}',
  'change.shape': '{from} → {to}',
  'change.prompt': 'nouveau prompt',
  'change.audio_start': 'audio à partir de {to} au lieu de {from}',
  'change.images': 'nouvelles images',
  'change.speech': 'nouveau texte à dire',
  'change.audio': 'nouvel audio',
  'result.reactions': '-# Réagis avec ✉️ pour la recevoir en message privé, avec 🚩 pour la signaler.',
  'delete.gone': 'Elle n’est plus là.',
  'delete.not_yours': 'Seule la personne qui a demandé cette vidéo, ou la modération, peut la supprimer.',
  'delete.done': 'Supprimé, avec la vidéo.',
  'delete.by_moderator': 'La modération a supprimé ta vidéo ({id}). Si tu ne sais pas pourquoi, demande-lui.',
  'send.here': 'Voici la vidéo de {link}.',
  'send.closed':
    'Je n’ai pas pu t’envoyer la vidéo : tu n’acceptes pas mes messages privés. Autorise-les (Paramètres utilisateur → Contenu et social → Messages privés) et réagis à nouveau.',
  'report.hidden': '**Signalée.** Masquée jusqu’à ce que la modération l’ait regardée.',
  'report.thanks': 'Merci. La vidéo est masquée jusqu’à ce que la modération l’ait regardée.',
  'report.moderators_only': 'Seule la modération peut la montrer à nouveau.',
  'report.shown': 'Elle est de nouveau visible.',
  'report.of_yours':
    'Quelqu’un a signalé ta vidéo ({id}). Elle est masquée jusqu’à ce que la modération l’ait regardée.',
  'report.yours_shown': 'La modération a regardé ta vidéo signalée ({id}) : elle est de nouveau visible.',
  'report.too_many':
    'Tu as signalé plusieurs vidéos en une heure. Attends un peu, ou préviens la modération.',
  'report.banned': 'Pendant ton bannissement ici, je ne prends pas tes signalements. Préviens la modération.',
  'report.looked_at':
    'La modération a déjà vérifié cette vidéo et l’a gardée. Si tu n’es pas d’accord, parles-en avec elle.',
  'report.look': 'La vidéo signalée de <@{userId}> (`{id}`). Elle n’est visible que par toi.',
  'me.thanks': 'J’ai masqué cette vidéo et prévenu la modération.',
  'me.blocked':
    'Ses images et son audio sont maintenant bloqués sur ce serveur, sauf si la modération en décide autrement.',
  'me.not_blocked':
    'Ses images et son audio ne sont plus gardés, je ne peux donc pas les reconnaître : préviens la modération s’ils reviennent.',
  'me.lifted':
    'La modération a décidé que ses images et son audio peuvent servir ici. Si tu n’es pas d’accord, parles-en avec elle.',
  'me.of_yours':
    'Quelqu’un dit apparaître dans ta vidéo ({id}). Elle est masquée jusqu’à ce que la modération l’ait regardée. Tu peux la supprimer dès maintenant, avec ses fichiers et tout ce qui a été refait à partir d’eux.',
  'me.purged': 'Supprimé : {count, plural, one {# vidéo} other {# vidéos}} avec les fichiers.',
  'me.unblocked': 'Débloqué : on peut de nouveau l’utiliser sur ce serveur.',
  'consent.text':
    '**Une question avant d’utiliser cette image ou cette voix.** C’est toi, ou la personne le sait et est d’accord ? Et tu as le droit d’utiliser ce fichier ? Toute personne qui se retrouve dans une vidéo contre son gré peut la faire masquer.',
  'consent.once':
    '-# Je note que tu as accepté, quand et quel texte. Je ne redemanderai que si ce texte change.',
  'consent.each_time': '-# Ce serveur veut que je demande chaque fois.',
  'consent.mention': '<@{userId}>',
  'consent.thanks': 'Merci ! Ta demande continue toute seule.',
  'consent.declined': 'D’accord : rien n’a été fait, et je n’ai pas gardé les fichiers.',
  'consent.gone':
    'Cette question n’est pas pour toi, a déjà sa réponse ou date de plus d’une heure. Redemande la vidéo, s’il te plaît.',
  'details.not_ours': 'Ce message ne concerne aucune de mes vidéos, ou je ne l’ai plus.',
  'details.heading': '**{id}**',
  'details.negative': 'Prompt négatif : {prompt}',
  'details.settings':
    '{preset} : {model} · {width}×{height} · {frames, plural, one {# frame} other {# frames}} · {steps, plural, one {# étape} other {# étapes}} · shift {shift}',
  'details.seed': 'Graine `{seed}` · guidage : {scales}',
  'details.shortcuts': 'Raccourcis : {list}',
  'shortcut.sampler': 'sampler {sampler}',
  'shortcut.guidance_audio': 'guidage par l’audio seul',
  'shortcut.guidance_none': 'sans guidage',
  'shortcut.audio_strength': 'force de l’audio {strength}',
  'shortcut.lora': 'LoRA `{file}` ({strength})',
  'shortcut.gating': '{passes, plural, one {# passe évitée} other {# passes évitées}} par gating',
  'shortcut.caching': '{steps, plural, one {# étape sautée} other {# étapes sautées}} grâce au cache',
  'details.inputs': '{mode} · {images, plural, =0 {aucune image} one {# image} other {# images}}',
  'details.sound': 'Audio : {start}–{end} sur {total}',
  'voice.alone': 'HuMo n’a entendu que la voix, sans la musique.',
  'voice.not_isolated':
    'La voix n’a pas pu être isolée : ce serveur n’a pas le modèle pour ça, HuMo a entendu tout l’audio.',
  'details.gpu': '{duration} sur le GPU',
  'details.unmarked': 'Marquage : {list}',
  'marking.no_label': 'pas de mention',
  'marking.no_watermark': 'pas de filigrane',
  'marking.no_signature': 'pas de signature',
  'marking.smaller_copy': 'pas de signature : c’est une copie réduite pour la limite de Discord',
  'details.file': '-# Le fichier contient tout, y compris le prompt entier.',
  'jobs.heading': '**Tes vidéos en route**',
  'jobs.none': 'Tu n’as rien en attente ni en cours. `/humo` fait une vidéo.',
  'jobs.more': '-# Seules les {count} premières sont affichées.',
  'jobs.guess': 'Ces temps sont une estimation.',
  'history.heading': '**Tes vidéos**, page {page}',
  'history.none':
    'Tu n’as fait aucune vidéo {days, plural, one {depuis un jour} other {ces # derniers jours}}. `/humo` en fait une.',
  'history.done': '<t:{time}:d> {prompt} {link}',
  'history.unlinked': '<t:{time}:d> {prompt}',
  'history.private': '<t:{time}:d> {prompt} – privée : **Montrer {number}**',
  'history.undelivered':
    '<t:{time}:d> {prompt} – prête, mais elle n’a pas pu être envoyée : **Montrer {number}**',
  'history.failed': '<t:{time}:d> {prompt} – échouée',
  'history.cancelled': '<t:{time}:d> {prompt} – annulée',
  'history.deleted': '<t:{time}:d> {prompt} – supprimée',
  'settings.title': 'Tes valeurs par défaut',
  'settings.preset': 'Qualité',
  'settings.shape': 'Format',
  'settings.negative': 'Prompt négatif',
  'settings.negative_description': 'Vide : celui de ce serveur.',
  'settings.private': 'Privé',
  'settings.private_description': 'Les réponses et les vidéos ne sont visibles que par toi.',
  'settings.notify': 'Me prévenir quand c’est prêt',
  'settings.notify_description': 'Un message privé avec un lien.',
  'settings.as_here': 'Réglage de ce serveur',
  'settings.saved': '**Enregistré.** Tes valeurs par défaut à partir de maintenant :',
  'settings.yes': 'oui',
  'settings.no': 'non',
  'notice.done': 'Ta vidéo est prête : {link}',
  'notice.done_private':
    'Ta vidéo privée est prête, dans {channel}. Si tu ne l’y vois plus, `/historique` la montre à nouveau.',
  'refused.banned':
    'Tu ne peux pas faire de vidéos ici{until, select, never {} other { jusqu’au <t:{clears}:f>}}.{given, select, yes { Raison : {reason}} other {}}',
  'refused.banned_everywhere':
    'Les personnes qui gèrent ce bot ne te permettent de faire des vidéos nulle part{until, select, never {} other { jusqu’au <t:{clears}:f>}}.{given, select, yes { Raison : {reason}} other {}}',
  'refused.erased':
    'Tu as fait effacer tout ce que j’avais enregistré sur toi, et cette demande avec. Si tu veux toujours la vidéo, redemande-la.',
  'refused.draining':
    'Je n’accepte pas de nouvelles demandes en ce moment ; ce qui attend déjà sera fait. Réessaie plus tard.',
  'refused.draining_because': 'Je n’accepte pas de nouvelles demandes en ce moment : {message}',
  'refused.filtered':
    'Quelque chose dans ton texte n’est pas permis{where, select, server { sur ce serveur} other {}}. Reformule-le ; rien n’a été mis dans la file.',
  'refused.cooldown':
    'Une vidéo {unit, select, hour {{count, plural, one {par heure} other {toutes les # heures}}} minute {{count, plural, one {par minute} other {toutes les # minutes}}} other {{count, plural, one {par seconde} other {toutes les # secondes}}}} {where, select, everywhere {sur tous les serveurs réunis} other {ici}}. Tu pourras en redemander une <t:{clears}:R>.',
  'refused.queue_full':
    'La file de ce serveur est pleine : {count, plural, one {# vidéo attend} other {# vidéos attendent}}. {known, select, yes {La prochaine commence <t:{clears}:R> ; réessaie à ce moment-là.} other {Réessaie quand quelques-unes seront finies.}}',
  'refused.gpu_seconds':
    'C’est plus que ce qu’il te reste aujourd’hui : tes vidéos ont pris {used, number} minutes de GPU sur {limit, number} ces dernières 24 heures, et celle-ci en demande environ {needed, number}. Il y aura de la place <t:{clears}:R>. Une qualité plus basse en demande moins.',
  'refused.gpu_never':
    'Cette vidéo demande environ {needed, number} minutes de GPU, et {limit, number} par jour est le maximum pour une personne {where, select, everywhere {sur tous les serveurs réunis} other {ici}}. Choisis une qualité plus basse.',
  'refused.no_shared_server':
    'Je ne peux pas t’écrire : on n’a aucun serveur en commun et je ne fais pas partie de tes applications. Ajoute-moi à tes applications, ou utilise un serveur où je suis. Rien n’a été mis dans la file.',
  'refused.direct_messages_closed_group':
    'Dans un groupe, une vidéo qui prend plus de 15 minutes arrive en message privé, et tu n’acceptes pas les miens. Autorise-les (Paramètres utilisateur → Contenu et social → Messages privés), ou écris-moi directement. Rien n’a été mis dans la file.',
  'refused.budget':
    'Le temps de GPU de tout le monde est épuisé pour aujourd’hui. {known, select, yes {Il y en aura de nouveau <t:{clears}:R>.} other {Réessaie plus tard, ou choisis une qualité plus basse.}}',
  'refused.waiting_everywhere':
    'Tu as {count, plural, one {# vidéo} other {# vidéos}} en attente sur tous les serveurs réunis, et c’est le maximum pour une personne. Attends qu’une soit finie, ou annules-en une : `/tâches`.',
  'refused.gpu_everywhere':
    'C’est plus que ce qu’il te reste aujourd’hui : tes vidéos ont pris {used, number} minutes de GPU sur {limit, number} sur tous les serveurs réunis ces dernières 24 heures, et celle-ci en demande environ {needed, number}. Il y aura de la place <t:{clears}:R>. Une qualité plus basse en demande moins.',
  'refused.server_unlisted':
    'Les responsables du bot ne l’autorisent que sur certains serveurs, et celui-ci n’en fait pas partie.',
  'refused.person_unlisted':
    'Les responsables du bot ne laissent que certaines personnes faire des vidéos, et tu n’es pas sur la liste. Demande-leur.',
  'failure.filter_pattern':
    'Je ne comprends pas ce motif : {reason}. Les motifs sont des expressions régulières comme dans RE2.',
  'failure.filter_pattern_size':
    'Ce motif est trop grand pour être essayé sur chaque texte ({size} étapes, {maximum} au plus). Raccourcis-le.',
  'failure.filter_word': 'Ce mot n’a aucun caractère visible.',
  'failure.filter_too_many': 'Il y a déjà {maximum} filtres, et c’est le maximum. Enlèves-en un d’abord.',
  'duration.seconds': '{seconds} s',
  'duration.minutes': '{minutes} min {seconds} s',
  'duration.whole_minutes': '{minutes} min',
  'duration.hours': '{hours} h {minutes} min',
  'duration.whole_hours': '{hours} h',
  'failure.unknown':
    'Quelque chose s’est mal passé chez nous. Si ça se reproduit, envoie cette référence aux responsables du bot : `{reference}`',
  'failure.internal':
    'Quelque chose s’est mal passé chez nous. Si ça se reproduit, envoie cette référence aux responsables du bot : `{reference}`',
  'failure.video_not_packed':
    'La vidéo était faite, mais je n’ai pas pu l’enregistrer dans un fichier. Si ça se reproduit, envoie cette référence aux responsables du bot : `{reference}`',
  'failure.engine_crashed':
    'Le programme qui fait la vidéo a planté deux fois. Réessayer peut aider ; sinon, envoie la référence ci-dessous aux responsables du bot.',
  'failure.engine_timeout':
    'Le programme qui fait la vidéo a cessé de répondre deux fois. Réessayer peut aider ; sinon, envoie la référence ci-dessous aux responsables du bot.',
  'failure.out_of_memory':
    'Le GPU n’a pas assez de mémoire pour cette taille. Choisis une qualité plus basse ou un audio plus court.',
  'failure.weights_missing':
    'Les fichiers du modèle manquent sur la machine qui a pris cette demande. Les responsables du bot doivent les télécharger : `{command}`.',
  'failure.lora_missing':
    'Le LoRA de cette qualité manque sur la machine qui a pris cette demande. Les responsables du bot peuvent le télécharger : `{command}`. Les autres qualités marchent sans lui.',
  'failure.content_blocked': 'Ce n’est pas permis ici ; aucune vidéo n’a été faite.',
  'failure.discord_refused_content':
    'Ta vidéo était prête, mais Discord ne la permet pas ici à cause de son contenu. Elle ne compte pas dans tes limites. `/historique` peut te la montrer en privé.',
  'failure.invalid_input':
    'Quelque chose ne va pas dans les données. Vérifie les fichiers et relance la commande.',
  'failure.unsupported_media':
    'Je n’ai pas pu lire un de tes fichiers. Essaie PNG ou JPEG pour les images, et MP3, WAV ou OGG pour l’audio.',
  'failure.too_large': 'Un de tes fichiers est trop volumineux. Réduis-le et relance la commande.',
  'failure.undeliverable': 'Je n’ai pas pu publier le résultat, ni dans le salon ni en message privé.',
  'failure.download_refused':
    'Ce fichier ne vient pas de Discord, je ne le télécharge donc pas. Joins-le à la commande.',
  'failure.download_failed': 'Je n’ai pas pu télécharger ce fichier depuis Discord. Relance la commande.',
  'failure.download_slow': 'Discord a envoyé ce fichier trop lentement. Relance la commande.',
  'failure.not_a_video': 'Ce n’est pas une vidéo que je sais lire. Envoie un MP4, MOV, WebM, MKV ou GIF.',
  'failure.file_gone': 'Discord n’a plus ce fichier. Joins-le à nouveau.',
  'failure.file_too_large':
    'Il fait plus de {megabytes} Mo. Réduis-le, par exemple en le coupant ou en le convertissant.',
  'failure.files_expired': 'Je n’ai plus les fichiers de cette demande. Relance la commande avec eux.',
  'failure.engine_protocol':
    'Les programmes de la machine qui a pris cette demande ne vont pas ensemble. Les responsables du bot doivent les mettre à jour.',
  'failure.audio_start_beyond_end':
    'L’audio s’arrête à {seconds} s, avant ton `début_audio`. Choisis un début plus tôt.',
  'failure.audio_end_before_start':
    'L’audio finirait avant de commencer, à {seconds} s. Choisis une fin plus tardive.',
  'failure.video_too_long':
    'Ici, une vidéo dure au plus {seconds, plural, one {# seconde} other {# secondes}}. Choisis une durée plus courte.',
  'failure.speech_empty': 'Il n’y a rien à dire là-dedans. Écris ce qui doit être dit.',
  'failure.speech_too_long': 'C’est trop long à dire : 1 000 caractères au plus.',
  'failure.speech_language':
    'Je n’ai pas de voix pour cette langue. Choisis une `voix` pour que le texte soit dit quand même.',
  'failure.speech_voice':
    'Je n’ai pas (ou plus) cette voix. Choisis-en une dans la liste qui apparaît pendant que tu écris.',
  'failure.speech_unavailable':
    'Je ne peux pas dire de texte pour l’instant. Ajoute un audio, ou réessaie plus tard.',
  'failure.audio_too_short': 'À partir de là, l’audio est trop court : il faut au moins {seconds} s.',
  'failure.audio_too_large': 'L’audio fait plus de {megabytes} Mo. Coupe-le, ou convertis-le en MP3.',
  'failure.audio_too_long': 'L’audio dure plus de {minutes} minutes. Ne garde que la partie qu’il te faut.',
  'failure.file_empty': 'Ce fichier est vide (0 octet). Renvoie-le, ou choisis-en un autre.',
  'failure.audio_nothing_heard':
    'On n’entend rien dans ce fichier. Enregistre-le à nouveau, ou envoies-en un autre.',
  'failure.image_cut_off': 'Il manque la fin de cette image : l’envoi a été coupé. Renvoie-la.',
  'failure.image_animated_avif':
    'Un AVIF animé est une vidéo, et il me faut une image. Envoie une de ses frames en PNG ou en JPEG.',
  'failure.audio_no_track': 'Cette vidéo n’a pas de son. Prends-en une qui en a, ou un fichier audio.',
  'failure.audio_not_sound':
    'Je ne connais pas ce format audio. Essaie MP3, WAV, OGG, M4A ou une vidéo avec du son.',
  'failure.audio_unreadable':
    'Je n’ai pas pu lire cet audio ; le fichier est peut-être abîmé. Convertis-le en MP3 ou WAV et réessaie.',
  'failure.audio_cut_off':
    'Cet enregistrement a été coupé : il y manque la partie qui dit comment lire le reste. Renvoie le fichier entier.',
  'failure.image_heic':
    'Je ne peux pas ouvrir les photos HEIC. Envoie-la en JPEG, ou fais-en une capture d’écran.',
  'failure.image_not_image': 'Je ne connais pas ce format d’image. Essaie PNG, JPEG, WebP, GIF ou AVIF.',
  'failure.image_too_large': 'L’image fait plus de {megabytes} Mo. Réduis-la et réessaie.',
  'failure.image_too_long': 'L’image dépasse {pixels, number} pixels sur un côté. Réduis-la et réessaie.',
  'failure.image_too_many_pixels': 'L’image a plus de {megapixels} mégapixels. Réduis-la et réessaie.',
  'failure.image_unreadable':
    'Je n’ai pas pu lire cette image ; le fichier est peut-être abîmé. Enregistre-la en PNG ou JPEG et réessaie.',
  'failure.video_does_not_fit':
    'La vidéo est faite, mais elle ne tient pas avec une qualité correcte dans les {kilobytes} ko que Discord permet ici. Essaie un audio plus court.',
  'failure.queue_uncertain':
    'Ma file ne répond pas, je ne sais donc pas si ta demande y est. Regarde `/tâches` dans une minute avant de réessayer.',
  'failure.disk_full':
    'Mon disque est plein, rien n’a donc été accepté, gardé ni compté. Demande aux responsables du bot de faire de la place dans mon dossier de données, puis réessaie.',
  'failure.store_unreachable':
    'Je n’arrive pas à joindre mon stockage en ce moment. Réessaie dans quelques minutes.',
  'failure.queue_full':
    'La mémoire ou le disque de ma file est plein, rien n’a donc été accepté, gardé ni compté. Préviens les responsables du bot, et réessaie plus tard.',
  'failure.change_uncertain':
    'Ma file ne répond pas, je ne sais donc pas si c’est fait. Vérifie dans une minute avant de recommencer.',
  'failure.queue_unreachable':
    'Je n’arrive pas à joindre ma file en ce moment, rien n’a donc été accepté. Réessaie dans quelques minutes.',
  'failure.cancelled_by_user': 'Tu l’as annulée.',
  'failure.cancelled_by_moderator': 'La modération l’a annulée.',
  'failure.cancelled_by_claim':
    'Entre-temps, quelqu’un a dit que cette image ou cette voix est la sienne et ne veut pas qu’elle serve sur ce serveur ; j’ai donc arrêté. Si c’est une erreur, demande à la modération d’ici : elle peut lever le blocage.',
  'failure.cancelled_bot_removed': 'Le bot a été retiré du serveur avant qu’elle ne soit faite.',
  'failure.cancelled': 'Elle a été annulée.',
  'failure.video_too_large_for_channel':
    'La vidéo était prête, mais elle est trop lourde pour Discord ici, même réduite. Une vidéo plus courte ou la qualité « Brouillon » donne un fichier plus petit.',
  'failure.direct_messages_closed':
    'La vidéo était prête, mais je n’ai pas pu la publier, ni dans le salon ni en message privé.',
  'failure.discord_refuses': 'Discord ne permet pas ça ici à cause de son contenu.',
  'failure.discord_missing_access':
    'Je ne vois plus ce salon. Demande à quelqu’un qui gère ce serveur de vérifier mes permissions.',
  'failure.discord_missing_permissions':
    'Je n’ai pas le droit de faire ça ici. Demande à quelqu’un qui gère ce serveur de vérifier mes permissions.',
  'failure.discord_unavailable': 'Discord ne répond pas en ce moment. Réessaie dans une minute.',
  'command.queue.name': 'file',
  'command.queue.description': 'Pour la modération : la file de ce serveur',
  'command.queue.list.name': 'liste',
  'command.queue.list.description': 'Ce qui est en attente et en cours',
  'command.queue.show.name': 'voir',
  'command.queue.show.description': 'Tout sur une vidéo',
  'command.queue.cancel.name': 'annuler',
  'command.queue.cancel.description': 'Annuler une vidéo en attente ou en cours ; la personne est prévenue',
  'command.queue.clear.name': 'vider',
  'command.queue.clear.description': 'Annuler tout ce qui attend, ou seulement les vidéos d’une personne',
  'command.queue.bump.name': 'avancer',
  'command.queue.bump.description': 'Faire passer une vidéo devant les autres de ce serveur',
  'command.queue.pause.name': 'pause',
  'command.queue.pause.description': 'Mettre la file en pause ; on peut toujours s’y ajouter',
  'command.queue.resume.name': 'reprendre',
  'command.queue.resume.description': 'Reprendre la file',
  'command.queue.ban.name': 'bannir',
  'command.queue.ban.description': 'Empêcher une personne de faire des vidéos sur ce serveur',
  'command.queue.unban.name': 'débannir',
  'command.queue.unban.description': 'Lever un bannissement',
  'command.queue.bans.name': 'bannissements',
  'command.queue.bans.description': 'Qui est banni, par qui, jusqu’à quand et pourquoi',
  'command.queue.stats.name': 'chiffres',
  'command.queue.stats.description': 'Les dernières 24 heures en chiffres',
  'command.queue.log.name': 'journal',
  'command.queue.log.description': 'Où publier ce que fait la modération',
  'command.queue.settings.name': 'règles',
  'command.queue.settings.description': 'Les règles de ce serveur',
  'command.queue.audit.name': 'historique',
  'command.queue.audit.description': 'Qui a fait quoi, le plus récent d’abord',
  'command.queue.limits.name': 'limites',
  'command.queue.limits.description': 'Combien les gens peuvent utiliser',
  'command.queue.limits_show.name': 'voir',
  'command.queue.limits_show.description': 'Les limites pour tout le monde et pour les rôles',
  'command.queue.limits_set.name': 'changer',
  'command.queue.limits_set.description':
    'Changer des limites : un nombre, « aucune », ou « défaut » pour la valeur du bot',
  'command.queue.filter.name': 'filtre',
  'command.queue.filter.description': 'Mots qui ne sont pas permis dans les prompts',
  'command.queue.filter_add.name': 'ajouter',
  'command.queue.filter_add.description': 'Ajouter un mot ou un motif',
  'command.queue.filter_remove.name': 'enlever',
  'command.queue.filter_remove.description': 'Enlever un filtre',
  'command.queue.filter_test.name': 'essayer',
  'command.queue.filter_test.description': 'Vérifier un texte avec les filtres',
  'command.queue.filter_list.name': 'liste',
  'command.queue.filter_list.description': 'Tous les filtres',
  'command.queue.option_id.name': 'id',
  'command.queue.option_id.description': 'Laquelle : choisis, ou colle l’id sous son message',
  'command.queue.option_user.name': 'personne',
  'command.queue.option_user.description': 'Qui',
  'command.queue.option_reason.name': 'raison',
  'command.queue.option_reason.description': 'Pourquoi ; les personnes concernées le verront',
  'command.queue.option_for.name': 'durée',
  'command.queue.option_for.description':
    'Combien de temps : 30m, 2h, 1d12h. Par défaut, jusqu’à ce que tu y mettes fin',
  'command.queue.option_role.name': 'rôle',
  'command.queue.option_role.description': 'Pour quel rôle ; par défaut, pour tout le monde',
  'command.queue.option_waiting.name': 'en_attente',
  'command.queue.option_waiting.description': 'Vidéos qu’une personne peut avoir en attente ou en cours',
  'command.queue.option_gpu_minutes.name': 'minutes_gpu',
  'command.queue.option_gpu_minutes.description': 'Minutes de GPU par personne en 24 heures',
  'command.queue.option_cooldown.name': 'intervalle',
  'command.queue.option_cooldown.description': 'Temps entre deux demandes d’une même personne : 30s, 5m',
  'command.queue.option_video_length.name': 'durée_vidéo',
  'command.queue.option_video_length.description':
    'La plus longue vidéo qu’une personne peut faire : 30s, 2m',
  'command.queue.option_weight.name': 'poids',
  'command.queue.option_weight.description':
    'Part de la file, de 0,1 à 10 ; avec 2, le temps de GPU compte pour moitié',
  'command.queue.option_queue_length.name': 'longueur_file',
  'command.queue.option_queue_length.description': 'Nombre maximal de vidéos en attente sur ce serveur',
  'command.queue.option_text.name': 'texte',
  'command.queue.option_text.description': 'Le mot, le motif ou le texte',
  'command.queue.option_kind.name': 'type',
  'command.queue.option_kind.description': 'Un mot entier (par défaut) ou une expression régulière',
  'command.queue.option_filter.name': 'filtre',
  'command.queue.option_filter.description': 'Quel filtre',
  'command.queue.option_channel.name': 'salon',
  'command.queue.option_channel.description': 'Où publier',
  'command.queue.option_off.name': 'désactiver',
  'command.queue.option_off.description': 'Ne publier nulle part',
  'command.queue.option_rerun_others.name': 'refaire_autres',
  'command.queue.option_rerun_others.description': 'Si les gens peuvent refaire les vidéos des autres',
  'command.queue.option_keep_days.name': 'jours',
  'command.queue.option_keep_days.description': 'Pendant combien de jours une vidéo peut être refaite',
  'command.queue.option_ask_each_time.name': 'demander_a_chaque_fois',
  'command.queue.option_ask_each_time.description':
    'Si je demande à chaque fois le droit d’utiliser image ou voix',
  'command.queue.option_label_words.name': 'mention',
  'command.queue.option_label_words.description': 'La mention dans un coin de chaque vidéo',
  'command.queue.option_label_size.name': 'taille_mention',
  'command.queue.option_label_size.description': 'La taille de la mention',
  'command.queue.option_label_corner.name': 'coin_mention',
  'command.queue.option_label_corner.description': 'Le coin où se trouve la mention',
  'command.queue.reports.name': 'signalements',
  'command.queue.reports.description': 'Ce qui a été signalé, et par qui',
  'command.queue.blocks.name': 'blocages',
  'command.queue.blocks.description': 'Images et audios bloqués ici',
  'command.queue_admin.name': 'file-admin',
  'command.queue_admin.description': 'Pour les responsables du bot : toute la file',
  'command.queue_admin.pause.name': 'pause',
  'command.queue_admin.pause.description': 'Mettre toute la file en pause, partout',
  'command.queue_admin.resume.name': 'reprendre',
  'command.queue_admin.resume.description': 'Reprendre la file',
  'command.queue_admin.drain.name': 'fermer',
  'command.queue_admin.drain.description':
    'Ne plus accepter de demandes ; ce qui est en attente ou en cours continue',
  'command.queue_admin.undrain.name': 'ouvrir',
  'command.queue_admin.undrain.description': 'Accepter de nouveau les demandes',
  'command.queue_admin.workers.name': 'machines',
  'command.queue_admin.workers.description':
    'Les machines : GPU, modèles, ce qu’elles font, quand on les a vues',
  'command.queue_admin.gpus.name': 'gpus',
  'command.queue_admin.gpus.description':
    'GPU loués : ce qui tourne, ce que ça coûte ; en démarrer ou en arrêter un',
  'command.queue_admin.retry.name': 'réessayer',
  'command.queue_admin.retry.description':
    'Remettre dans la file les vidéos échouées des dernières 24 heures',
  'command.queue_admin.maintenance.name': 'maintenance',
  'command.queue_admin.maintenance.description':
    'Une ligne dans chaque message d’état ; sans message, elle disparaît',
  'command.queue_admin.marking.name': 'marquage',
  'command.queue_admin.marking.description': 'Comment les vidéos disent qu’elles sont créées avec l’IA',
  'command.queue_admin.option_label.name': 'mention',
  'command.queue_admin.option_label.description': 'Si chaque vidéo a une mention dans un coin',
  'command.queue_admin.audit.name': 'historique',
  'command.queue_admin.audit.description': 'Ce qu’ont fait les responsables du bot, le plus récent d’abord',
  'command.queue_admin.option_message.name': 'message',
  'command.queue_admin.option_message.description': 'Ce que lisent les gens',
  'command.queue_admin.option_code.name': 'code',
  'command.queue_admin.option_code.description': 'Seulement celles qui ont échoué pour cette raison',
  'command.queue_admin.option_do.name': 'action',
  'command.queue_admin.option_do.description': 'En démarrer un de plus, ou en arrêter un',
  'command.queue_admin.option_gpu.name': 'gpu',
  'command.queue_admin.option_gpu.description': 'Lequel arrêter',
  'command.queue_admin.ban.name': 'bannir',
  'command.queue_admin.ban.description': 'Empêcher une personne de faire des vidéos, partout',
  'command.queue_admin.limits_show.name': 'voir',
  'command.queue_admin.limits_show.description': 'Les limites sur tous les serveurs, et le budget',
  'command.queue_admin.limits_set.name': 'changer',
  'command.queue_admin.limits_set.description':
    'Changer les limites sur tous les serveurs et en privé : un nombre ou « aucune »',
  'command.queue_admin.option_budget.name': 'budget',
  'command.queue_admin.option_budget.description': 'Minutes de GPU pour tout le monde en 24 heures',
  'command.queue_admin.option_server.name': 'serveur',
  'command.queue_admin.option_server.description': 'Quel serveur : choisis, ou colle son id',
  'command.queue_admin.allow.name': 'autoriser',
  'command.queue_admin.allow.description':
    'Quels serveurs et personnes peuvent faire des vidéos ; sans entrée, tous',
  'command.queue_admin.allow_add.name': 'ajouter',
  'command.queue_admin.allow_add.description': 'Autoriser un serveur ou une personne',
  'command.queue_admin.allow_remove.name': 'enlever',
  'command.queue_admin.allow_remove.description': 'Enlever un serveur ou une personne de la liste',
  'command.queue_admin.allow_list.name': 'liste',
  'command.queue_admin.allow_list.description': 'Qui est autorisé',
  'command.limits.name': 'limites',
  'command.limits.description': 'Ce qu’il te reste, ici et partout',
  'queue.guild_only': 'Ça ne marche que sur un serveur dont je suis membre.',
  'queue.moderators_only':
    'Réservé à la modération : ton rôle sur ce serveur doit avoir la permission « Gérer les messages ».',
  'queue.owners_only': 'Réservé aux responsables du bot.',
  'queue.unknown':
    'Il n’y a pas de vidéo avec cet id sur ce serveur. Choisis-en une dans la liste, ou copie l’id sous son message.',
  'queue.unknown_anywhere': 'Il n’y a pas de vidéo avec cet id. Copie l’id sous son message.',
  'queue.span': 'Je ne comprends pas « {text} ». Écris la durée comme `30m`, `2h` ou `1d12h` (s, m, h, d).',
  'queue.span_range': 'C’est trop court ou trop long : choisis de {minimum} à {maximum}.',
  'queue.number':
    '`{option}` doit être un nombre de {minimum, number} à {maximum, number}, `aucune` ou `défaut`.',
  'queue.number_needed':
    '`{option}` doit être un nombre de {minimum, number} à {maximum, number}, ou `défaut`.',
  'queue.page': '-# Page {page}',
  'queue.private': '(privée)',
  'queue.status.queued': 'en attente',
  'queue.status.running': 'en cours',
  'queue.status.delivering': 'prête',
  'queue.status.delivered': 'prête',
  'queue.status.failed': 'échouée',
  'queue.status.cancelled': 'annulée',
  'queue.list.heading': '**La file de ce serveur** : {running} en cours, {waiting} en attente',
  'queue.list.none': 'Rien n’est en attente ni en cours sur ce serveur.',
  'queue.list.line': '{place} <@{userId}> {prompt}\n-# demandée <t:{time}:R> · `{id}`',
  'queue.list.more': '-# Seules les {count} premières sont affichées.',
  'queue.paused': '⏸️ **En pause** par <@{by}> <t:{since}:R>.',
  'queue.paused_until': '⏸️ **En pause** par <@{by}> <t:{since}:R>, jusqu’au <t:{until}:f>.',
  'queue.show.who': '<@{userId}> · {status} · demandée <t:{time}:R>',
  'queue.show.private':
    'Elle est privée : seule la personne qui l’a demandée voit ce qu’elle contient. Tu peux quand même l’annuler.',
  'queue.cancel.done': 'Annulée. Je préviens <@{userId}>.',
  'queue.cancel.asked': 'J’annule… Je préviens <@{userId}>.',
  'queue.cancel.finished': 'C’est déjà fini ; il n’y a plus rien à annuler.',
  'queue.clear.done':
    '{count, plural, =0 {Rien n’attendait.} one {Une vidéo en attente a été annulée.} other {# vidéos en attente ont été annulées.}} Ce qui est en cours continue.',
  'queue.bump.done': 'Elle passe maintenant devant les autres de ce serveur.',
  'queue.bump.not_waiting': 'Elle n’attend pas (ou plus) ; il n’y a rien à avancer.',
  'queue.pause.done':
    'En pause. {count, plural, =0 {Rien n’attend.} one {Une vidéo attend.} other {# vidéos attendent.}} Les nouvelles demandes peuvent toujours s’ajouter à la file.',
  'queue.resume.done':
    'La file reprend{count, plural, =0 { ; rien n’attend en ce moment} one { avec une vidéo} other { avec # vidéos}}.',
  'queue.resume.nothing': 'Rien n’est en pause.',
  'queue.until': 'Jusqu’au <t:{until}:f>.',
  'queue.ends': 'jusqu’au <t:{until}:f>',
  'queue.ban.done':
    '<@{userId}> ne peut plus faire de vidéos ici. Ce qui attend déjà continue ; `/file vider` l’annule.',
  'queue.unban.done': '<@{userId}> peut de nouveau faire des vidéos ici.',
  'queue.unban.nothing': '<@{userId}> n’a pas de bannissement.',
  'queue.bans.heading': '**Bannissements ici**',
  'queue.bans.none': 'Il n’y a aucun bannissement.',
  'queue.bans.line': '<@{userId}> par <@{by}>, <t:{since}:d>',
  'queue.reason': 'Raison : {reason}',
  'queue.limits.heading': '**Limites**',
  'queue.limits.everyone': 'Tout le monde : {limits}',
  'queue.limits.role': '<@&{roleId}> : {limits}',
  'queue.limits.waiting': 'en attente : {value}',
  'queue.limits.gpu_minutes': 'temps de GPU par jour : {value}',
  'queue.limits.cooldown': 'entre deux demandes : {value}',
  'queue.limits.video_length': 'vidéo la plus longue : {value}',
  'queue.limits.weight': 'poids : {value}',
  'queue.limits.queue_length': 'file la plus longue : {value}',
  'queue.limits.none': 'aucune limite',
  'queue.limits.word_none': 'aucune',
  'queue.limits.as_default': '{value} (par défaut)',
  'queue.limits.word_default': 'défaut',
  'queue.limits.nothing':
    'Choisis quoi changer : `en_attente`, `minutes_gpu`, `intervalle`, `poids` ou `longueur_file`.',
  'queue.limits.length_for_all': '`longueur_file` vaut pour tout le serveur : enlève `rôle`.',
  'queue.limits.done': 'Changé. C’est valable dès maintenant.',
  'queue.stats.heading': '**Les dernières 24 heures**',
  'queue.stats.now': 'Maintenant : {running} en cours, {waiting} en attente',
  'queue.stats.day': '{done} prêtes · {failed} échouées · {cancelled} annulées · {gpu} sur le GPU',
  'queue.stats.wait': 'La moitié a commencé en moins de {wait}.',
  'queue.stats.person': '{number}. <@{userId}> : {done, plural, one {# vidéo} other {# vidéos}}, {gpu}',
  'queue.filter.word': 'mot',
  'queue.filter.pattern': 'motif',
  'queue.filter.added': 'Ajouté ({kind}) : {text}',
  'queue.filter.removed': 'Enlevé ({kind}) : {text}',
  'queue.filter.unknown': 'Ce filtre n’existe pas. `/file filtre liste` les montre tous.',
  'queue.filter.meets': 'Ce filtre ({kind}) refuserait ce texte : {text}',
  'queue.filter.passes': 'Aucun filtre ne refuse ce texte.',
  'queue.filter.heading': '**Filtres**',
  'queue.filter.none': 'Il n’y a pas de filtres.',
  'queue.filter.line': '{text} ({kind}, <@{by}>, <t:{time}:d>)',
  'queue.log.done': 'Je publie désormais dans <#{channelId}> ce que fait la modération.',
  'queue.log.off': 'J’ai arrêté de publier le journal. `/file historique` le montre toujours.',
  'queue.log.now': 'Je publie dans <#{channelId}> ce que fait la modération.',
  'queue.log.nowhere':
    'Je ne publie nulle part ce que fait la modération. `/file journal salon:…` change cela.',
  'queue.log.gone':
    '-# Impossible à publier : le salon du journal n’existe plus, ou je ne le vois plus. Choisis-en un autre avec `/file journal`.',
  'queue.log.forbidden': '-# Impossible à publier dans <#{channelId}> : il me manque {permissions}.',
  'queue.log.cannot':
    'Je ne peux pas publier dans <#{channelId}> : il me manque {permissions}. Autorise-le, ou choisis un autre salon. Rien n’a été changé.',
  'queue.log.unseen':
    'Je ne vois pas <#{channelId}>, je ne peux donc pas y publier. Donne-moi **Voir le salon** et **Envoyer des messages**, ou choisis un autre salon. Rien n’a été changé.',
  'queue.settings.heading': '**Règles de ce serveur**',
  'queue.settings.rerun_others': 'Les gens peuvent refaire les vidéos des autres : {value}',
  'queue.settings.keep_days':
    'Une vidéo peut être refaite pendant {days, plural, one {# jour} other {# jours}}.',
  'queue.settings.ask_each_time':
    'Je demande à chaque fois si une image ou une voix peut être utilisée : {value}',
  'queue.settings.label':
    'Mention dans chaque vidéo : « {words} », {size}, {corner}. Seuls les responsables du bot peuvent la désactiver.',
  'queue.settings.label_off':
    'Les responsables du bot ont désactivé la mention dans les vidéos. Toute personne qui publie une vidéo doit dire qu’elle est créée avec l’IA, comme l’exige l’art. 50, § 4, du règlement européen sur l’IA.',
  'queue.audit.heading': '**Qui a fait quoi**',
  'queue.audit.none': 'Rien n’a encore été fait.',
  'queue.audit.cancel': 'a annulé une vidéo',
  'queue.audit.clear': 'a vidé la file',
  'queue.audit.bump': 'a avancé une vidéo',
  'queue.audit.pause': 'a mis la file en pause',
  'queue.audit.resume': 'a repris la file',
  'queue.audit.ban': 'a banni',
  'queue.audit.unban': 'a débanni',
  'queue.audit.limits': 'a changé les limites',
  'queue.audit.settings': 'a changé les règles',
  'queue.audit.filter_add': 'a ajouté un filtre',
  'queue.audit.filter_remove': 'a enlevé un filtre',
  'queue.audit.log_channel': 'a changé où ceci est publié',
  'queue.audit.delete_result': 'a supprimé une vidéo',
  'queue.audit.report': 'a signalé une vidéo',
  'queue.audit.report_shown': 'a remontré une vidéo signalée',
  'queue.audit.global_pause': 'a tout mis en pause',
  'queue.audit.global_resume': 'a tout repris',
  'queue.audit.drain': 'a arrêté d’accepter des demandes',
  'queue.audit.drain_ended': 'accepte de nouveau des demandes',
  'queue.audit.retry_failed': 'a remis des vidéos échouées dans la file',
  'queue.audit.maintenance': 'a mis le message de maintenance',
  'queue.audit.maintenance_ended': 'a enlevé le message de maintenance',
  'queue.audit.nowhere': 'nulle part',
  'queue.audit.videos': '{count, plural, one {# vidéo} other {# vidéos}}',
  'queue.audit.waiting': '{count, plural, =0 {rien n’attendait} one {# attendait} other {# attendaient}}',
  'queue.audit.code': 'échec : {code}',
  'queue.audit.allow': 'a autorisé',
  'queue.audit.allow_ended': 'a retiré de la liste',
  'queue.audit.claimed': 'a dit « C’est moi »',
  'queue.audit.unblock': 'a débloqué images et audio',
  'queue.audit.marking': 'a changé le marquage des vidéos',
  'queue.audit.label': 'mention : {value}',
  'queue.reports.heading': '**Signalées {days, plural, one {depuis un jour} other {ces # derniers jours}}**',
  'queue.reports.none':
    'Rien n’a été signalé {days, plural, one {depuis un jour} other {ces # derniers jours}}.',
  'queue.reports.line':
    '{number}. <t:{time}:d> <@{userId}> `{id}` – {state}, {count, plural, one {# signalement} other {# signalements}} : {people}',
  'queue.reports.reporter':
    '<@{userId}> ({count, plural, one {# signalement} other {# signalements}} en tout)',
  'queue.reports.hidden': 'masquée',
  'queue.reports.shown': 'montrée à nouveau',
  'queue.reports.deleted': 'supprimée',
  'queue.blocks.heading': '**Bloqué sur ce serveur : quelqu’un a dit « C’est moi »**',
  'queue.blocks.none': 'Rien n’est bloqué ici.',
  'queue.blocks.line':
    '**{number}.** <t:{time}:R> · `{id}` · {pictures, plural, =0 {aucune image} one {# image} other {# images}}{sound, select, yes { et l’audio} other {}}',
  'queue_admin.pause.done': 'Tout est en pause. Les nouvelles demandes peuvent toujours s’ajouter à la file.',
  'queue_admin.resume.done': 'Tout reprend.',
  'queue_admin.drain.done':
    'Je n’accepte plus de nouvelles demandes. Ce qui est en attente ou en cours continue.',
  'queue_admin.undrain.done': 'J’accepte de nouveau les demandes.',
  'queue_admin.undrain.nothing': 'Rien à changer : j’accepte déjà les demandes.',
  'queue_admin.workers.heading': '**Machines**',
  'queue_admin.workers.none': 'Aucune machine n’a encore été vue.',
  'queue_admin.workers.line':
    '{state} `{id}` · {device} · {models}\n-# {job} · vue pour la dernière fois <t:{seen}:R>',
  'queue_admin.workers.idle': 'libre',
  'queue_admin.workers.runs': 'en cours : `{id}`',
  'queue_admin.workers.unknown_device': 'GPU inconnu',
  'queue_admin.gpus.start': 'En démarrer un',
  'queue_admin.gpus.stop': 'En arrêter un',
  'queue_admin.gpus.off':
    'Ici, aucun GPU n’est loué. GPU_PROVIDER l’active : docs/runpod.md explique comment.',
  'queue_admin.gpus.heading': '**GPU loués** ({provider})',
  'queue_admin.gpus.none': 'Aucun ne tourne.',
  'queue_admin.gpus.line': '{state} `{name}` · {kind} · {price} $/h\n-# {what} · depuis le <t:{since}:f>',
  'queue_admin.gpus.starting': 'démarre',
  'queue_admin.gpus.ready': 'prend des vidéos',
  'queue_admin.gpus.ending': 's’arrête',
  'queue_admin.gpus.spent':
    'Aujourd’hui {today} ${dayCap, select, none {} other { sur {dayCap} $}} · ce mois-ci {month} ${monthCap, select, none {} other { sur {monthCap} $}}',
  'queue_admin.gpus.usual': 'Un démarrage prend en général {duration}.',
  'queue_admin.gpus.problem': '⚠️ Le fournisseur répond : {problem}',
  'queue_admin.gpus.silent':
    '⚠️ Personne ne surveille les GPU depuis le <t:{at}:f>. Le bot ou le scaler tourne-t-il ?',
  'queue_admin.gpus.kept': 'Un GPU reste prêt jusqu’à <t:{until}:t> (GPU_READY_HOURS).',
  'queue_admin.gpus.rests': 'Tu en as arrêté un à la main : aucun ne reste prêt jusqu’à <t:{until}:t>.',
  'queue_admin.gpus.hindrance.cap': '⚠️ Le plafond de dépenses est atteint : plus rien ne démarre.',
  'queue_admin.gpus.hindrance.hours': 'Hors de tes heures (GPU_HOURS) : rien ne démarre pour le moment.',
  'queue_admin.gpus.hindrance.no_offer':
    '⚠️ Aucun de tes types de GPU n’est disponible à ton prix (GPU_KINDS).',
  'queue_admin.gpus.hindrance.back_off': 'Le dernier démarrage a échoué ; nouvel essai bientôt.',
  'queue_admin.gpus.hindrance.maximum': 'Il en tourne autant que tu le permets (GPU_MAXIMUM_PODS).',
  'queue_admin.gpus.start_asked': 'Un de plus démarre dans un instant, si tes limites le permettent.',
  'queue_admin.gpus.stop_asked': '`{name}` s’arrête dans un instant. Ce qu’il fait retourne dans la file.',
  'queue_admin.gpus.unknown': 'Je ne connais aucun GPU loué nommé `{name}`. Choisis-en un dans la liste.',
  'queue_admin.retry.done':
    '{count, plural, =0 {Rien de ce qui a échoué ces dernières 24 heures ne correspond.} one {Une vidéo est de nouveau dans la file :} other {# vidéos sont de nouveau dans la file :}}',
  'queue_admin.maintenance.set':
    'C’est noté. Les messages d’état le montrent dès leur prochaine mise à jour.',
  'queue_admin.maintenance.removed': 'Enlevé.',
  'queue_admin.marking.on':
    'Chaque vidéo a dans un coin une mention disant qu’elle est créée avec l’IA ; les serveurs choisissent ses mots, sa taille et son coin avec `/file règles`.',
  'queue_admin.marking.off':
    'Les nouvelles vidéos n’ont pas de mention. Selon l’art. 50, § 4, du règlement européen sur l’IA, toute personne qui publie un deepfake doit alors indiquer d’une autre façon, clairement et au premier regard, qu’il est créé avec l’IA.',
  'queue_admin.ban.done': '<@{userId}> ne peut plus faire de vidéos nulle part. Ce qui attend déjà continue.',
  'queue_admin.unban.done': '<@{userId}> peut de nouveau faire des vidéos.',
  'queue_admin.bans.heading': '**Bannis partout**',
  'queue_admin.limits.heading': '**Limites par personne, sur tous les serveurs et en messages privés**',
  'queue_admin.limits.budget': 'temps de GPU par jour pour tout le monde : {value}',
  'queue_admin.limits.nothing':
    'Choisis quoi changer : `en_attente`, `minutes_gpu`, `intervalle` ou `budget`.',
  'queue_admin.allow.nothing': 'Choisis un `serveur`, une personne, ou les deux.',
  'queue_admin.allow.no_server':
    '`serveur` doit être l’id d’un serveur : choisis-en un, ou colle ses 17 à 20 chiffres.',
  'queue_admin.allow.too_many': 'Il peut y en avoir {maximum, number} de chaque au plus.',
  'queue_admin.allow.everybody': 'Tout le monde peut faire des vidéos, partout : la liste est vide.',
  'queue_admin.allow.heading':
    '**Autorisés à faire des vidéos** – tout le monde sur ces serveurs, et ces personnes partout',
  'queue_admin.allow.server': 'serveur `{id}`',
  'queue_admin.allow.person': '<@{userId}>',
  'status.held_guild':
    '**Dans la file : numéro {position} sur {waiting}.** La modération de ce serveur l’a mise en pause.',
  'status.held_deployment':
    '**Dans la file : numéro {position} sur {waiting}.** Tout est en pause pour l’instant.',
  'status.held_reason': 'Pourquoi : {reason}',
  'status.held_until': 'Ça reprend <t:{until}:R>.',
  'status.maintenance': 'ℹ️ {message}',
  'failure.cancelled_by_moderator_because': 'La modération l’a annulée. Raison : {reason}',
  'failure.discord_outside':
    'Je ne suis pas membre ici, je ne peux donc pas faire ça. Utilise un serveur où je suis, ou écris-moi directement.',
  'failure.discord_direct':
    'Tu n’acceptes pas mes messages privés. Autorise-les (Paramètres utilisateur → Contenu et social → Messages privés), ou utilise un serveur où je suis.',
  'limits.heading': '**Ce qu’il te reste**',
  'limits.none': 'Rien n’est limité pour toi ici.',
  'limits.waiting':
    'Vidéos en attente en même temps, {where, select, everywhere {sur tous les serveurs réunis} other {ici}} : encore {left, number} sur {limit, number}',
  'limits.gpu':
    'Temps de GPU en 24 heures, {where, select, everywhere {sur tous les serveurs réunis} other {ici}} : encore {left} sur {limit}',
  'limits.cooldown':
    'Ta prochaine vidéo {where, select, everywhere {où que ce soit} other {ici}} : <t:{clears}:R>',
  'limits.queue': 'Places dans la file de ce serveur : encore {left, number} sur {limit, number}',
  'limits.video_length': 'Vidéo la plus longue ici : {limit}',
  'limits.budget': 'Temps de GPU aujourd’hui pour tout le monde : encore {left} sur {limit}',
  'command.forget.name': 'oublier',
  'command.forget.description': 'Ce que j’ai gardé sur toi, et comment l’effacer',
  'command.help.name': 'aide',
  'command.help.description': 'Ce que je sais faire, en une image et quelques lignes',
  'button.forget_erase': 'Tout effacer',
  'button.forget_keep': 'Garder',
  'forget.heading': '**Ce que j’ai gardé sur toi**',
  'forget.nothing': 'Je n’ai rien gardé sur toi que je puisse effacer.',
  'forget.generations':
    '{count, plural, one {# vidéo ou demande, du <t:{first}:D>} other {# vidéos et demandes, du <t:{first}:D> au <t:{last}:D>}}, avec prompts, images et audio{open, plural, =0 {} one {; # est en attente ou en cours et sera annulée} other {; # sont en attente ou en cours et seront annulées}}',
  'forget.kind_settings': 'tes `/réglages`',
  'forget.kind_reports': '{count, plural, one {# signalement} other {# signalements}} de ta part',
  'forget.kind_greeting': 'que je t’ai déjà dit bonjour',
  'forget.kind_agreement': 'ta confirmation que tu peux utiliser les images et les voix que tu apportes',
  'forget.kind_forms':
    '{count, plural, one {# formulaire que tu as ouvert} other {# formulaires que tu as ouverts}}',
  'forget.use':
    'Le temps de GPU que tu as utilisé s’oublie tout seul en un jour ; d’ici là, les limites en ont besoin.',
  'forget.stays':
    'Les messages dans Discord restent jusqu’à ce que tu les supprimes. Les bannissements, le journal de la modération, les sauvegardes et ce que d’autres ont fait de tes vidéos restent aussi ; les responsables du bot peuvent t’en dire plus.',
  'forget.sure': 'Effacer ? C’est irréversible.',
  'forget.kept': 'Rien n’a été effacé.',
  'forget.erasing': 'J’efface… ce qui est en cours est d’abord annulé, ça peut prendre une minute.',
  'forget.done':
    'Effacé : {generations, plural, one {# vidéo ou demande} other {# vidéos et demandes}}, {files, plural, one {# fichier} other {# fichiers}}, et tout le reste de la liste.',
  'forget.still_running':
    'Une de tes vidéos est encore en cours et ne s’arrête pas. Rien n’a été effacé. Réessaie dans quelques minutes.',
  'forget.again_soon': 'Je viens tout juste de regarder. Réessaie dans dix secondes.',
  'help.heading': '**Une image, une voix et un prompt deviennent une vidéo.**',
  'help.make':
    '`/{command}` la fait. Écris un prompt ; ajoute l’image d’une personne, et une voix : un fichier, un message vocal ou un texte à dire.',
  'help.results':
    'Sous chaque vidéo : 🔁 encore, ⬆️ mieux, ✏️ modifier, ❌ supprimer.{reactions, select, yes { Réagis avec ✉️ pour la recevoir en message privé, avec 🚩 pour la signaler.} other {}}',
  'help.menus': 'Dans le menu d’un message, sous Applications : {menus}.',
  'help.moderators':
    'Tu peux modérer ici : `/{command}` contient la liste, les pauses, les limites, les bannissements, les filtres, les signalements et le journal.',
  'help.owners': 'Tu gères ce bot : `/{command}` vaut pour tous les serveurs.',
  'help.picture':
    'Une image et une onde sonore deviennent une vidéo de quelqu’un qui parle ; en dessous, des boutons : encore, mieux, modifier, supprimer.',
};
