import type { en } from './en.ts';

/** Everything a person reads, in German. The same keys and placeholders as the English catalogue; a test holds that. */
export const de: Readonly<Record<keyof typeof en, string>> = {
  'command.humo.name': 'humo',
  'command.humo.description': 'Ein Video von einem Menschen machen, der mit deinem Ton spricht',
  'command.humo.prompt.name': 'prompt',
  'command.humo.prompt.description': 'Was zu sehen sein soll: der Mensch, der Ort, was geschieht',
  'command.humo.image.name': 'bild',
  'command.humo.image.description': 'Wer oder was zu sehen sein soll: PNG, JPEG, WebP, GIF oder AVIF',
  'command.humo.image2.name': 'bild2',
  'command.humo.image2.description': 'Ein zweiter Mensch oder Gegenstand',
  'command.humo.image3.name': 'bild3',
  'command.humo.image3.description': 'Ein dritter Mensch oder Gegenstand',
  'command.humo.image4.name': 'bild4',
  'command.humo.image4.description': 'Ein vierter Mensch oder Gegenstand',
  'command.humo.audio.name': 'ton',
  'command.humo.audio.description':
    'Was gesagt wird: eine Tondatei, eine Sprachnachricht oder ein Video mit Ton',
  'command.humo.audio_start.name': 'tonbeginn',
  'command.humo.audio_start.description': 'Ab welcher Sekunde der Ton verwendet wird',
  'command.humo.preset.name': 'stufe',
  'command.humo.preset.description': 'Wie viel Sorgfalt (und Zeit) hineingeht',
  'command.humo.shape.name': 'format',
  'command.humo.shape.description': 'Quer, hoch oder quadratisch',
  'command.humo.seed.name': 'seed',
  'command.humo.seed.description': 'Dieselbe Zahl mit denselben Angaben ergibt dasselbe Video',
  'command.humo.private.name': 'privat',
  'command.humo.private.description': 'Nur du siehst Antwort und Video',
  'shape.landscape': 'Querformat',
  'shape.portrait': 'Hochformat',
  'shape.square': 'Quadrat',

  'status.queued':
    '**In der Warteschlange: Platz {position} von {waiting}.** Beginnt <t:{start}:R>, fertig <t:{end}:R>.',
  'status.queued_no_worker':
    '**In der Warteschlange: Platz {position} von {waiting}.** Gerade arbeitet keine Maschine; dein Video beginnt, sobald wieder eine da ist.',
  'status.next': '**Du bist als Nächstes dran.** Beginnt <t:{start}:R>, fertig <t:{end}:R>.',
  'status.running': '**{stage}** {bar} {percent} %',
  'status.running_steps': '**{stage}** {bar} Schritt {step} von {steps}',
  'status.time_left': 'Noch etwa {duration}.',
  'status.stage.prepare': 'Vorbereiten',
  'status.stage.encode': 'Dateien lesen',
  'status.stage.denoise': 'Bilder malen',
  'status.stage.decode': 'Film entwickeln',
  'status.stage.compress': 'Video packen',
  'status.delivered': 'Dein Video ist da: {link}',
  'status.delivered_private': 'Dein Video steht hier unten.',
  'status.delivered_direct': 'Dein Video habe ich dir als Direktnachricht geschickt: {link}',
  'status.ended': 'Hieraus wurde kein Video. Warum: {link}',
  'status.ended_private': 'Hieraus wurde kein Video; der Grund steht hier unten.',
  'status.undeliverable':
    'Hier bin ich am Ende: Ich konnte das Ergebnis weder hier noch als Direktnachricht senden.',
  'status.audio':
    'Ton: {start}–{end} von {total} · {frames, plural, one {# Bild} other {# Bilder}} ({seconds} s)',
  'status.no_audio': '{frames, plural, one {# Bild} other {# Bilder}} ({seconds} s), ohne Ton',
  'status.settings':
    '{preset} · {width}×{height} · {steps, plural, one {# Schritt} other {# Schritte}} · Seed {seed}',
  'status.cost': 'Braucht etwa {duration} GPU-Zeit.',
  'status.identifier': '-# {id}',
  'status.private_route':
    'Nur du siehst das. Dauert es länger als 15 Minuten, schicke ich das Video als Direktnachricht: Discord beendet dieses Gespräch dann.',
  'status.direct_route':
    'Ich bin auf diesem Server kein Mitglied; diese Nachricht bleibt darum in 15 Minuten stehen. Ist das Video bis dahin nicht fertig, kommt es als Direktnachricht.',
  'status.group_route':
    'Ich bin in dieser Gruppe kein Mitglied; diese Nachricht bleibt darum in 15 Minuten stehen. Ist das Video bis dahin nicht fertig, kommt es als Direktnachricht.',

  'advice.heading': 'Für das nächste Mal:',
  'advice.image_tiny':
    'Bild {number} ist klein ({width}×{height}); ab {minimum} Pixeln auf der kürzeren Seite werden Gesichter deutlicher',
  'advice.audio_silent':
    'dieser Teil des Tons ist still, die Lippen bewegen sich darum kaum; nimm einen anderen `tonbeginn`',
  'advice.frames_beyond_training':
    'mehr als {frames} Bilder gehen und sehen etwas weniger scharf aus; kürzerer Ton gibt die beste Qualität',
  'advice.random_weights':
    '**Dieser Server läuft mit `weights: random`: Das Video zeigt Rauschen, nicht deinen Menschen.**',

  'result.heading': '<@{userId}>, dein Video ist fertig.',
  'result.begun': '<@{userId}>, dein Video ist fertig; einen Moment …',
  'result.prompt': '> {prompt}',
  'result.details': '{preset} · {width}×{height} · Seed `{seed}` · nach {duration} ({gpu} davon auf der GPU)',
  'result.weights_random':
    '**`weights: random`** – dieser Server hat keine Modelldateien; das zeigt, dass alles läuft, nicht was HuMo kann.',
  'result.downscaled': 'Kleiner als {width}×{height}, damit es unter Discords Grenze für Dateien passt.',
  'result.identifier': '-# {id}',

  'ending.failed': '<@{userId}>, hieraus wurde kein Video.',
  'ending.cancelled': '<@{userId}>, abgebrochen.',
  'ending.reference': '-# Referenz: {id}',

  'cancel.asked': 'Wird abgebrochen …',
  'cancel.finished': 'Es ist schon fertig; es gibt nichts mehr abzubrechen.',
  'cancel.not_yours':
    'Abbrechen kann es nur, wer das Video bestellt hat, oder wer hier Nachrichten verwalten darf.',

  'notice.direct_messages':
    'Hallo! Dauert eines deiner Videos länger als 15 Minuten, oder darf ich dort nicht schreiben, wo du es bestellt hast, kommt es hierher.',
  'notice.restarted':
    'Ich wurde neu gestartet, während ich deine Dateien las; es steht darum nichts in der Warteschlange. Bitte gib den Befehl noch einmal ein.',

  'reaction.refused': '<@{userId}>, {reason}',

  'refused.prompt_alone':
    'Ich brauche etwas zum Ansehen oder Anhören: Gib ein `bild`, einen `ton` oder beides dazu.\nBeispiel: `/humo prompt:Eine Frau erzählt im Café einen Witz bild:gesicht.png ton:witz.mp3`',
  'refused.prompt_empty': 'Der `prompt` ist leer. Sag in einem Satz, was zu sehen sein soll.',
  'refused.audio_start_without_audio':
    'Es gibt einen `tonbeginn`, aber keinen `ton`. Gib den Ton dazu, oder lass `tonbeginn` weg.',
  'refused.permissions':
    'In {channel} kann ich noch nicht arbeiten: Mir fehlt {permissions}. Bitte jemanden, der den Server verwaltet, es zu erlauben, oder nimm einen anderen Kanal. Es steht nichts in der Warteschlange.',
  'refused.direct_messages_closed':
    'Ich könnte dir das Video nicht schicken: Ich bin hier kein Mitglied, und deine Direktnachrichten sind für mich geschlossen. Öffne sie (Benutzereinstellungen → Inhalte & Soziales → Direktnachrichten), oder bestelle das Video auf einem Server, auf dem ich bin. Es steht nichts in der Warteschlange.',
  'refused.direct_messages_closed_private':
    'Ein privates Video, das länger als 15 Minuten braucht, muss als Direktnachricht kommen, und deine sind für mich geschlossen. Öffne sie (Benutzereinstellungen → Inhalte & Soziales → Direktnachrichten), oder lass `privat` weg. Es steht nichts in der Warteschlange.',
  'refused.too_many_waiting':
    'Von dir {count, plural, one {wartet schon # Video} other {warten schon # Videos}}, mehr geht hier nicht auf einmal. Warte eines ab, oder brich eines ab.',
  'refused.file': '**Zu `{option}`:** {reason}',
  'refused.not_understood':
    'Diesen Befehl kenne ich nicht (mehr). Hat er sich gerade geändert, lade Discord mit Strg+R neu.',
  'refused.stopping':
    'Ich werde gerade neu gestartet. Bitte gib den Befehl in einer Minute noch einmal ein; es steht nichts in der Warteschlange.',

  'api.unauthorised':
    'Das braucht ein gültiges Token: Schick es als `Authorization: Bearer …`. Wer mich betreibt, macht eines mit `npm run api-token -- create`.',
  'api.forbidden': 'Dein Token darf das nicht: Ihm fehlt der Scope `{scope}`.',
  'api.not_found': 'Dieses Video gibt es nicht, oder es ist nicht deins. Einträge bleiben einen Monat.',
  'api.no_such_address': 'Unter dieser Adresse ist nichts. Was es gibt, steht in `/v1/openapi.json`.',
  'api.method_not_allowed': 'Diese Adresse kennt diese Methode nicht. Sie kennt: {allow}.',
  'api.invalid_request': 'Etwas an der Anfrage passt nicht; in `issues` steht, was.',
  'api.invalid_part':
    'Den Teil `{name}` des Formulars verstehe ich nicht. Es nimmt ein `request` (JSON), bis zu vier Dateien `image` und eine Datei `audio`.',
  'api.body_too_large': 'Das ist mehr, als ich auf einmal nehme. Mach die Dateien kleiner.',
  'api.unsupported_content_type':
    'Diese Art Inhalt nehme ich hier nicht; welche, steht in `/v1/openapi.json`.',
  'api.too_many_requests': 'Das war zu viel in einer Minute. Warte so lange, wie `Retry-After` sagt.',
  'api.too_many_streams': 'Du siehst schon {count} Videos zu, mehr geht nicht. Schließ eines.',
  'api.busy': 'Gerade kommen viele Dateien an. Versuch es in ein paar Sekunden noch einmal.',
  'api.no_video': 'Es gibt noch kein Video.',
  'api.video_gone': 'Dieses Video wird nicht mehr aufbewahrt.',
  'api.no_preview': 'Gerade gibt es kein Bild.',
  'api.range_beyond_end': 'Das Video endet vor dieser Stelle.',
  'api.already_finished': 'Es ist schon fertig; es gibt nichts mehr abzubrechen.',
  'api.refused.prompt_alone':
    'Ich brauche etwas zu sehen oder zu hören: Gib ein Bild dazu, einen Ton oder beides.',
  'api.refused.audio_start_without_audio':
    'Es gibt ein `audioStart`, aber kein `audio`. Gib den Ton dazu, oder lass `audioStart` weg.',
  'api.refused.stopping':
    'Ich starte gleich neu. Versuch es in einer Minute noch einmal; nichts wurde eingereiht.',

  'permission.ViewChannel': '**Kanal ansehen**',
  'permission.SendMessages': '**Nachrichten senden**',
  'permission.SendMessagesInThreads': '**Nachrichten in Threads senden**',
  'permission.AttachFiles': '**Dateien anhängen**',
  'permission.ReadMessageHistory': '**Nachrichtenverlauf anzeigen**',

  'refused.channel_gone': 'Ich sehe diesen Kanal nicht mehr. Bitte frag in einem anderen.',
  'button.stop': 'Anhalten',
  'button.again': 'Noch mal',
  'button.better': 'Besser',
  'button.edit': 'Ändern',
  'button.delete': 'Löschen',
  'button.show': 'Wieder zeigen',
  'button.stop_number': '{number} anhalten',
  'button.refresh': 'Auffrischen',
  'button.newer': 'Neuere',
  'button.older': 'Ältere',
  'menu.animate': 'Mit HuMo beleben',
  'menu.details': 'HuMo-Einzelheiten',
  'command.jobs.name': 'aufträge',
  'command.jobs.description': 'Deine Videos, die warten oder gerade entstehen',
  'command.history.name': 'verlauf',
  'command.history.description': 'Deine fertigen Videos, mit Links',
  'command.settings.name': 'einstellungen',
  'command.settings.description': 'Deine Vorgaben: Qualität, Format, Privates, Nachrichten',
  'again.gone':
    'Dieses Video kenne ich nicht mehr: Was man braucht, um eins noch mal zu machen, hebe ich einen Monat auf. Bitte nimm `/humo` mit den Dateien.',
  'again.not_yours':
    'Auf diesem Server kann nur, wer ein Video bestellt hat, es noch mal machen lassen. Mit `/humo` machst du ein eigenes.',
  'again.expired':
    'Dieser Server hebt die Dateien {days, plural, one {# Tag} other {# Tage}} auf, und dieses Video ist älter. Bitte nimm `/humo` mit den Dateien.',
  'again.best_already':
    'Besser geht es nicht. Mit „Noch mal“ gibt es einen neuen Versuch, mit „Ändern“ etwas anderes.',
  'again.twice': 'Ich habe dich schon gehört; es ist unterwegs.',
  'again.sound_gone':
    'Den Rest dieses Tons habe ich nicht mehr. Häng ihn im Formular neu an, oder lass den Anfang, wie er war.',
  'again.edit_here': '<@{userId}>, drück auf den Knopf und ändere, was du magst.',
  'form.edit_title': 'Ändern und noch mal machen',
  'form.animate_title': 'Mit HuMo beleben',
  'form.prompt': 'Was zu sehen sein soll',
  'form.look': 'Qualität und Format',
  'form.start': 'Anfang des Tons',
  'form.start_description': 'In Sekunden, oder als 1:02.5',
  'form.seed': 'Startwert',
  'form.seed_description': 'Leer: ein neuer',
  'form.files': 'Neue Dateien',
  'form.files_description': 'Bilder ersetzen die Bilder, ein Ton ersetzt den Ton. Leer: Alles bleibt.',
  'refused.audio_start_invalid':
    'Den Anfang des Tons verstehe ich nicht. Gib ihn in Sekunden an, etwa `12.5`, oder als `1:02.5`; höchstens {most} Sekunden.',
  'refused.seed_invalid':
    'Der Startwert muss eine ganze Zahl von 0 bis {most} sein. Lass ihn leer für einen neuen.',
  'refused.file_kind':
    'Ich erkenne nicht, was `{name}` ist. Nimm Bilder (PNG, JPEG, WebP) und Ton (MP3, WAV, OGG) oder ein Video mit Ton.',
  'refused.images_too_many': 'Das sind mehr als {most} Bilder. Nimm die {most} wichtigsten.',
  'refused.sounds_too_many': 'Das ist mehr als ein Ton. Nimm einen.',
  'animate.nothing':
    'In dieser Nachricht ist weder Bild noch Ton. Nimm eine, in der etwas ist, oder `/humo`.',
  'animate.too_late': 'Dieses Formular war zu lange offen. Bitte öffne es im Menü der Nachricht noch einmal.',
  'lineage.linked': 'Entstanden aus {link}: {what}.',
  'lineage.unlinked': 'Entstanden aus einem früheren Video: {what}.',
  'lineage.nothing': 'nichts geändert',
  'change.seed': 'Startwert {from} → {to}',
  'change.preset': '{from} → {to}',
  'change.shape': '{from} → {to}',
  'change.prompt': 'anderer Text',
  'change.audio_start': 'Ton ab {to} statt {from}',
  'change.images': 'andere Bilder',
  'change.audio': 'anderer Ton',
  'result.reactions': '-# Mit ✉️ bekommst du es als Direktnachricht, mit 🚩 meldest du es.',
  'delete.gone': 'Es ist schon weg.',
  'delete.not_yours':
    'Nur wer dieses Video bestellt hat oder hier Nachrichten verwalten darf, kann es löschen.',
  'delete.done': 'Gelöscht, das Video gleich mit.',
  'delete.by_moderator':
    'Jemand von der Moderation hat dein Video gelöscht ({id}). Wenn du nicht weißt, warum, frag dort nach.',
  'send.here': 'Hier ist das Video von {link}.',
  'send.closed':
    'Ich konnte dir das Video nicht schicken: Deine Direktnachrichten sind für mich zu. Öffne sie (Benutzereinstellungen → Inhalte & Soziales → Direktnachrichten) und reagiere noch einmal.',
  'report.hidden': '**Gemeldet.** Verdeckt, bis die Moderation es angesehen hat.',
  'report.thanks': 'Danke. Das Video ist jetzt verdeckt, und die Moderation weiß Bescheid.',
  'report.moderators_only': 'Nur wer hier Nachrichten verwalten darf, kann es wieder zeigen.',
  'report.shown': 'Es ist wieder zu sehen.',
  'details.not_ours': 'Diese Nachricht hat mit keinem Video von mir zu tun, oder ich kenne es nicht mehr.',
  'details.heading': '**{id}**',
  'details.negative': 'Nicht zu sehen: {prompt}',
  'details.settings':
    '{preset}: {model} · {width}×{height} · {frames, plural, one {# Bild} other {# Bilder}} · {steps, plural, one {# Schritt} other {# Schritte}} · Shift {shift}',
  'details.seed': 'Startwert `{seed}` · Führung: {scales}',
  'details.inputs': '{mode} · {images, plural, =0 {kein Bild} one {# Bild} other {# Bilder}}',
  'details.sound': 'Ton: {start}–{end} von {total}',
  'details.gpu': '{duration} auf der GPU',
  'details.file': '-# In der Datei steht alles, mit dem ganzen Text.',
  'jobs.heading': '**Deine Videos unterwegs**',
  'jobs.none': 'Von dir wartet und läuft nichts. `/humo` macht ein Video.',
  'jobs.more': '-# Nur die {count} neuesten sind zu sehen.',
  'history.heading': '**Deine Videos**, Seite {page}',
  'history.none': 'Du hast im letzten Monat kein Video gemacht. `/humo` macht eins.',
  'history.no_more': 'Mehr gibt es nicht.',
  'history.done': '<t:{time}:d> {prompt} {link}',
  'history.unlinked': '<t:{time}:d> {prompt}',
  'history.failed': '<t:{time}:d> {prompt} – wurde kein Video',
  'history.cancelled': '<t:{time}:d> {prompt} – angehalten',
  'history.deleted': '<t:{time}:d> {prompt} – gelöscht',
  'settings.title': 'Deine Vorgaben',
  'settings.preset': 'Qualität',
  'settings.shape': 'Format',
  'settings.negative': 'Nicht zu sehen',
  'settings.negative_description': 'Leer: was dieser Server nimmt.',
  'settings.private': 'Privat',
  'settings.private_description': 'Nur du siehst die Antworten und die Videos.',
  'settings.notify': 'Sag mir, wenn es fertig ist',
  'settings.notify_description': 'Eine Direktnachricht mit einem Link.',
  'settings.as_here': 'Wie auf diesem Server',
  'settings.saved': '**Gespeichert.** Ab jetzt, wenn du nichts anderes sagst:',
  'settings.yes': 'ja',
  'settings.no': 'nein',
  'notice.done': 'Dein Video ist fertig: {link}',

  'refused.banned':
    'Du kannst hier{until, select, never {} other { bis <t:{clears}:f>}} keine Videos machen.{given, select, yes { Grund: {reason}} other {}}',
  'refused.draining':
    'Ich nehme gerade nichts Neues an; was schon wartet, wird noch gemacht. Bitte versuch es später wieder.',
  'refused.draining_because': 'Ich nehme gerade nichts Neues an: {message}',
  'refused.filtered':
    'Etwas in deinem Text ist auf diesem Server nicht erlaubt. Bitte schreib es anders; es wurde nichts eingereiht.',
  'refused.cooldown':
    'Hier gilt: ein Video alle {seconds, plural, one {# Sekunde} other {# Sekunden}}. Du kannst <t:{clears}:R> wieder fragen.',
  'refused.queue_full':
    'Die Warteschlange dieses Servers ist voll: {count, plural, one {# Video wartet} other {# Videos warten}}. Bitte versuch es, wenn ein paar fertig sind.',
  'refused.gpu_seconds':
    'Das wäre für heute zu viel GPU-Zeit: In den letzten 24 Stunden hast du {used} von {limit} Minuten verbraucht, und dies braucht etwa {needed}. Platz dafür ist <t:{clears}:R>. Eine kleinere Voreinstellung braucht weniger.',
  'refused.gpu_never':
    'Dieses Video braucht etwa {needed} Minuten GPU-Zeit, und {limit} am Tag sind hier das Höchste für eine Person. Nimm eine kleinere Voreinstellung.',
  'failure.filter_pattern':
    'Dieses Muster verstehe ich nicht: {reason}. Muster sind reguläre Ausdrücke wie in RE2.',
  'failure.filter_pattern_size':
    'Dieses Muster ist zu groß, um es an jedem Text zu versuchen ({size} von {maximum} Schritten). Mach es kürzer.',
  'failure.filter_word': 'An diesem Wort ist nichts zu sehen.',
  'failure.filter_too_many': 'Es gibt schon {maximum} Filter, und mehr geht nicht. Entferne zuerst einen.',

  'duration.seconds': '{seconds} s',
  'duration.minutes': '{minutes} min {seconds} s',
  'duration.hours': '{hours} h {minutes} min',

  'failure.unknown':
    'Bei uns ist etwas schiefgegangen. Kommt es wieder vor, nenne denen, die mich betreiben, diese Referenz: `{reference}`',
  'failure.internal':
    'Bei uns ist etwas schiefgegangen. Kommt es wieder vor, nenne denen, die mich betreiben, diese Referenz: `{reference}`',
  'failure.engine_crashed':
    'Das Programm, das die Videos macht, ist zweimal abgestürzt. Ein neuer Versuch kann helfen; wenn nicht, nenne denen, die mich betreiben, die Referenz unten.',
  'failure.engine_timeout':
    'Das Programm, das die Videos macht, hat zweimal nicht mehr geantwortet. Ein neuer Versuch kann helfen; wenn nicht, nenne denen, die mich betreiben, die Referenz unten.',
  'failure.out_of_memory':
    'Der Grafikkarte ist bei dieser Größe der Speicher ausgegangen. Nimm eine kleinere Stufe oder weniger Ton.',
  'failure.weights_missing':
    'Auf der Maschine, die das übernommen hat, fehlen die Modelldateien. Wer mich betreibt, muss sie herunterladen: `npm run engine -- weights download`.',
  'failure.content_blocked': 'Das ist hier nicht erlaubt, darum wurde kein Video gemacht.',
  'failure.invalid_input':
    'Etwas an den Angaben passt nicht. Prüfe die Dateien und gib den Befehl noch einmal ein.',
  'failure.unsupported_media':
    'Eine deiner Dateien konnte ich nicht lesen. Versuche PNG oder JPEG für Bilder und MP3, WAV oder OGG für Ton.',
  'failure.too_large':
    'Eine deiner Dateien ist zu groß. Mach sie kleiner und gib den Befehl noch einmal ein.',
  'failure.undeliverable': 'Ich konnte das Ergebnis weder im Kanal noch als Direktnachricht senden.',
  'failure.download_refused':
    'Diese Datei kommt nicht von Discord, darum hole ich sie nicht. Hänge sie an den Befehl an.',
  'failure.download_failed':
    'Ich konnte diese Datei nicht von Discord holen. Bitte gib den Befehl noch einmal ein.',
  'failure.download_slow':
    'Discord hat diese Datei zu langsam geliefert. Bitte gib den Befehl noch einmal ein.',
  'failure.file_gone': 'Discord hat diese Datei nicht mehr. Bitte hänge sie noch einmal an.',
  'failure.file_too_large':
    'Sie ist größer als {megabytes} MB. Mach sie kleiner, zum Beispiel durch Kürzen oder Umwandeln.',
  'failure.files_expired':
    'Die Dateien zu diesem Auftrag sind nicht mehr da. Bitte gib den Befehl noch einmal mit den Dateien ein.',
  'failure.engine_protocol':
    'Die Programme auf der Maschine, die das übernommen hat, passen nicht zusammen. Wer mich betreibt, muss sie aktualisieren.',
  'failure.audio_start_beyond_end':
    'Der Ton endet nach {seconds} s, vor deinem `tonbeginn`. Wähle einen früheren Beginn.',
  'failure.audio_too_short': 'Von da an ist der Ton zu kurz: Es braucht mindestens {seconds} s.',
  'failure.audio_too_large': 'Der Ton ist größer als {megabytes} MB. Kürze ihn, oder wandle ihn in MP3 um.',
  'failure.audio_too_long':
    'Der Ton ist länger als {minutes} Minuten. Schneide den Teil heraus, den du brauchst.',
  'failure.audio_no_track': 'Dieses Video hat keinen Ton. Nimm eines mit Ton oder eine Tondatei.',
  'failure.audio_not_sound':
    'Das ist kein Ton, den ich kenne. Versuche MP3, WAV, OGG, M4A oder ein Video mit Ton.',
  'failure.audio_unreadable':
    'Ich konnte diesen Ton nicht lesen; vielleicht ist die Datei beschädigt. Wandle sie in MP3 oder WAV um und versuche es noch einmal.',
  'failure.image_heic':
    'HEIC-Fotos kann ich nicht öffnen. Schicke es als JPEG, oder mach einen Screenshot davon.',
  'failure.image_not_image': 'Das ist kein Bild, das ich kenne. Versuche PNG, JPEG, WebP, GIF oder AVIF.',
  'failure.image_too_large':
    'Das Bild ist größer als {megabytes} MB. Mach es kleiner und versuche es noch einmal.',
  'failure.image_too_many_pixels':
    'Das Bild hat mehr als {megapixels} Megapixel. Mach es kleiner und versuche es noch einmal.',
  'failure.image_unreadable':
    'Ich konnte dieses Bild nicht lesen; vielleicht ist die Datei beschädigt. Speichere es als PNG oder JPEG und versuche es noch einmal.',
  'failure.video_does_not_fit':
    'Das Video war fertig, aber nichts Sehenswertes passt in die {kilobytes} kB, die Discord hier annimmt. Versuche kürzeren Ton.',
  'failure.queue_unreachable':
    'Meine Warteschlange ist gerade nicht erreichbar, darum konnte ich das nicht annehmen. Bitte versuche es in ein paar Minuten noch einmal.',
  'failure.cancelled_by_user': 'Du hast es abgebrochen.',
  'failure.cancelled_by_moderator': 'Jemand aus der Moderation hat es abgebrochen.',
  'failure.cancelled': 'Es wurde abgebrochen.',
  'failure.video_too_large_for_channel':
    'Das Video war fertig, aber selbst verkleinert hat Discord es hier nicht angenommen. Kürzerer Ton oder die Stufe „draft“ gibt eine kleinere Datei.',
  'failure.direct_messages_closed':
    'Das Video war fertig, aber ich konnte es weder im Kanal noch als Direktnachricht senden.',
  'failure.discord_missing_access': 'Ich kann diesen Kanal nicht mehr sehen. Bitte prüfe meine Rechte.',
  'failure.discord_missing_permissions': 'Das darf ich hier nicht. Bitte prüfe meine Rechte.',
  'failure.discord_unavailable':
    'Discord antwortet mir gerade nicht. Bitte versuche es in einer Minute noch einmal.',
};
