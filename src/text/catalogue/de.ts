import type { en } from './en.ts';

/** Everything a person reads, in German. The same keys and placeholders as the English catalogue; a test holds that. */
export const de: Readonly<Record<keyof typeof en, string>> = {
  'command.humo.name': 'humo',
  'command.humo.description': 'Mach ein Video von einem Menschen, der spricht: aus Bild, Stimme und Prompt',
  'command.humo.prompt.name': 'prompt',
  'command.humo.prompt.description': 'Beschreib die Szene: wer, wo und was passiert',
  'command.humo.image.name': 'bild',
  'command.humo.image.description': 'Wer oder was zu sehen ist: PNG, JPEG, WebP, GIF oder AVIF',
  'command.humo.image2.name': 'bild2',
  'command.humo.image2.description': 'Eine zweite Person oder Sache',
  'command.humo.image3.name': 'bild3',
  'command.humo.image3.description': 'Eine dritte Person oder Sache',
  'command.humo.image4.name': 'bild4',
  'command.humo.image4.description': 'Eine vierte Person oder Sache',
  'command.humo.audio.name': 'ton',
  'command.humo.audio.description':
    'Was gesagt wird: eine Tondatei, eine Sprachnachricht oder ein Video mit Ton',
  'command.humo.say.name': 'sag',
  'command.humo.say.description': 'Text, den eine Stimme spricht, statt einer Tondatei',
  'command.humo.voice.name': 'stimme',
  'command.humo.voice.description': 'Wer den Text spricht; ohne Angabe eine Stimme in seiner Sprache',
  'command.humo.audio_start.name': 'tonbeginn',
  'command.humo.audio_start.description': 'Wo im Ton das Video beginnt, in Sekunden',
  'command.humo.audio_end.name': 'audio_ende',
  'command.humo.audio_end.description': 'Wo im Ton das Video endet, in Sekunden; ohne Angabe am Ende',
  'command.humo.clean.name': 'reinigen',
  'command.humo.clean.description':
    'Nur die Stimme: HuMo hört keine Musik und Geräusche, im Video bleiben sie',
  'clean.auto': 'wenn Musik zu hören ist',
  'clean.on': 'immer',
  'clean.off': 'nie',
  'command.humo.seconds.name': 'sekunden',
  'command.humo.seconds.description': 'Länge des Videos in Sekunden; mit Ton ist es so lang wie der Ton',
  'command.humo.preset.name': 'qualität',
  'command.humo.preset.description': 'Je besser, desto länger dauert es',
  'command.humo.shape.name': 'format',
  'command.humo.shape.description': 'Quer, hoch oder quadratisch',
  'command.humo.seed.name': 'seed',
  'command.humo.seed.description': 'Derselbe Seed mit denselben Angaben ergibt dasselbe Video',
  'command.humo.private.name': 'privat',
  'command.humo.private.description': 'Nur du siehst Antwort und Video',
  'voice.woman': 'Frau',
  'voice.man': 'Mann',
  'say.heard': 'So klingt es mit {voice} ({seconds} s). Damit wird dein Video gemacht.',
  'preset.draft': 'Entwurf',
  'preset.draft.description': 'Zum schnellen Ausprobieren, etwa eine Minute GPU-Zeit',
  'preset.fast': 'Schnell',
  'preset.fast.description':
    'HuMo 17B in 4 Schritten; wie sich das auf Lippen und Ähnlichkeit auswirkt, ist nicht gemessen',
  'preset.standard': 'Standard',
  'preset.standard.description': 'HuMo 17B mit halbem Aufwand; Lippen bei einem kleinen Modell genauso gut',
  'preset.final': 'Final',
  'preset.final.description': 'HuMo 17B in 720p, nichts ausgelassen; dauert fünf- bis zehnmal so lang',
  'shape.landscape': 'Querformat',
  'shape.portrait': 'Hochformat',
  'shape.square': 'Quadrat',

  'status.queued':
    '**In der Warteschlange: Platz {position} von {waiting}.** Beginnt <t:{start}:R>, fertig <t:{end}:R>.',
  'status.queued_no_worker':
    '**In der Warteschlange: Platz {position} von {waiting}.** Gerade ist keine Maschine online; dein Video beginnt, sobald wieder eine da ist.',
  'status.queued_other_machines':
    '**In der Warteschlange: Platz {position} von {waiting}.** Gerade ist keine Maschine online, die diese Qualität macht; dein Video beginnt, sobald eine da ist. Jetzt möglich: {others}. Wenn dir das lieber ist, brich ab und frag noch einmal.',
  'status.preset_named': '„{preset}“',
  'status.queued_waking':
    '**In der Warteschlange: Platz {position} von {waiting}.** Für dich startet gerade eine GPU; sie sollte <t:{ready}:R> bereit sein.',
  'status.next': '**Du bist als Nächstes dran.** Beginnt <t:{start}:R>, fertig <t:{end}:R>.',
  'status.running': '**{stage}** {bar} {percent} %',
  'status.running_steps': '**{stage}** {bar} Schritt {step} von {steps}',
  'status.time_left': 'Noch etwa {duration}.',
  'status.stage_of_shot': '{stage} · Einstellung {number} von {of}',
  'status.stage.prepare': 'Vorbereiten',
  'status.stage.encode': 'Dateien lesen',
  'status.stage.denoise': 'Bilder malen',
  'status.stage.decode': 'Film entwickeln',
  'status.stage.compress': 'Video packen',
  'status.delivered': 'Dein Video ist da: {link}',
  'status.delivered_private': 'Dein Video findest du unten.',
  'status.delivered_direct': 'Ich habe dir das Video als Direktnachricht geschickt: {link}',
  'status.ended': 'Das hat leider nicht geklappt. Warum: {link}',
  'status.ended_private': 'Das hat leider nicht geklappt; den Grund findest du unten.',
  'status.undeliverable':
    'Ich konnte das Ergebnis weder hier noch als Direktnachricht schicken. Falls es ein Video gibt, findest du es mit `/verlauf`.',
  'status.audio':
    'Ton: {start}–{end} von {total} · {frames, plural, one {# Frame} other {# Frames}} ({seconds, number, ::.00} s)',
  'status.no_audio':
    '{frames, plural, one {# Frame} other {# Frames}} ({seconds, number, ::.00} s), ohne Ton',
  'status.take_windows':
    'Eine durchgehende Aufnahme in {windows, plural, one {# Fenster} other {# Fenstern}}.',
  'status.take_shots':
    '{shots, plural, one {# Einstellung} other {# Einstellungen}}, geschnitten in den Sprechpausen.',
  'status.settings':
    '{preset} · {width}×{height} · {steps, plural, one {# Schritt} other {# Schritte}} · Seed {seed}',
  'status.cost_guess':
    'Braucht etwa {duration} GPU-Zeit. Diese Zeiten sind geschätzt: So eins habe ich hier noch nicht gemacht.',
  'status.cost': 'Braucht etwa {duration} GPU-Zeit.',
  'status.last_words':
    'Discord lässt mich diese Nachricht nicht mehr aktualisieren. Ich bin weiter dran: `/aufträge` zeigt, wie weit es ist, und das Video schicke ich dir als Direktnachricht.',
  'status.lost':
    '**Diese Anfrage kenne ich nicht mehr.** Was ich dazu gespeichert hatte, ist weg; daraus wird kein Video mehr. Möchtest du eins, frag bitte noch einmal.',
  'status.moved': 'Hier geht es weiter: {link}',
  'status.identifier': '-# {id}',
  'status.private_route':
    'Nur du siehst das. Dauert es länger als 15 Minuten, schicke ich dir das Video als Direktnachricht: So lange lässt Discord mich hier antworten.',
  'status.direct_route':
    'Ich bin kein Mitglied dieses Servers, deshalb wird diese Nachricht nur 15 Minuten lang aktualisiert. Ist das Video bis dahin nicht fertig, schicke ich es dir als Direktnachricht.',
  'status.group_route':
    'Ich bin kein Mitglied dieser Gruppe, deshalb wird diese Nachricht nur 15 Minuten lang aktualisiert. Ist das Video bis dahin nicht fertig, schicke ich es dir als Direktnachricht.',

  'advice.heading': 'Fürs nächste Mal:',
  'advice.said_later':
    'Dein Text wird erst gesprochen, kurz bevor das Video gemacht wird; bis dahin ist die Länge geschätzt.',
  'advice.image_tiny':
    'Bild {number} ist klein ({width}×{height}); ab {minimum} Pixeln auf der kürzeren Seite werden Gesichter schärfer',
  'advice.audio_silent':
    'in diesem Teil des Tons ist Stille, deshalb bewegen sich die Lippen kaum; nimm einen anderen `tonbeginn`',
  'advice.length_limited':
    'Videos sind hier höchstens {seconds, plural, one {# Sekunde} other {# Sekunden}} lang, der Rest des Tons bleibt weg; wähle mit `tonbeginn` einen anderen Teil',
  'advice.frames_beyond_training':
    'mehr als {frames} Frames gehen auch, sehen aber etwas weniger scharf aus; kürzerer Ton gibt die beste Qualität',
  'advice.no_machine':
    '{others, select, none {gerade ist keine Maschine online; das Video entsteht, sobald eine da ist} other {gerade ist keine Maschine online, die dieses Preset macht; das Video entsteht, sobald eine da ist. Jetzt möglich: {others}}}',
  'advice.mini_weights':
    '**Auf diesem Server läuft ein kleines Demomodell: Cartoon-Gesichter, zehn Szenen. Nicht die Qualität von HuMo.**',
  'advice.random_weights':
    '**Dieser Server läuft mit `weights: random`: Das Video zeigt Rauschen, nicht deine Person.**',

  'result.heading': '<@{userId}>, dein Video ist fertig.',
  'result.begun': '<@{userId}>, dein Video ist fertig; einen Moment …',
  'result.prompt': '> {prompt}',
  'result.made_with_ai': 'Mit KI erstellt',
  'result.alternative_text': 'Mit KI erstelltes Video, {seconds} s: {prompt}',
  'label.made_with_ai': 'Mit KI erstellt',
  'label.generated': 'KI-generiert',
  'label.ai': 'KI',
  'label.small': 'klein',
  'label.medium': 'mittel',
  'label.large': 'groß',
  'label.top_left': 'oben links',
  'label.top_right': 'oben rechts',
  'label.bottom_left': 'unten links',
  'label.bottom_right': 'unten rechts',
  'result.details':
    '{preset} · {width}×{height} · Seed `{seed}` · fertig nach {duration} ({gpu} auf der GPU)',
  'result.weights_mini': 'Kleines Demomodell: Cartoon-Gesichter, zehn Szenen. Nicht die Qualität von HuMo.',
  'result.weights_random':
    '**`weights: random`** – dieser Server hat keine Modelldateien; das zeigt, dass alles läuft, nicht, was HuMo kann.',
  'result.downscaled': 'Kleiner als {width}×{height}, damit die Datei hier unter Discords Limit bleibt.',
  'result.identifier': '-# {id}',

  'ending.failed': '<@{userId}>, das hat leider nicht geklappt.',
  'ending.cancelled': '<@{userId}>, abgebrochen.',
  'ending.reference': '-# Referenz: {id}',

  'cancel.asked': 'Wird abgebrochen …',
  'cancel.finished': 'Es ist schon fertig; es gibt nichts mehr abzubrechen.',
  'cancel.unknown': 'Diese Anfrage kenne ich nicht mehr; es gibt nichts mehr abzubrechen.',
  'cancel.delete_there':
    'Es ist schon fertig. Reagiere mit ❌ auf die Nachricht mit dem Video, um es zu löschen.',
  'cancel.not_yours': 'Abbrechen kann es nur, wer das Video angefordert hat, oder die Moderation.',

  'notice.direct_messages':
    'Hi! Wenn eines deiner Videos länger als 15 Minuten dauert oder ich dort nicht schreiben kann, wo du es angefordert hast, schicke ich es hierher.',
  'notice.restarted':
    'Ich wurde neu gestartet, während ich deine Dateien gelesen habe; dein Video ist deshalb nicht in der Warteschlange. Bitte gib den Befehl noch einmal ein.',

  'reaction.refused': '<@{userId}>, {reason}',
  'reaction.refused_personally': 'du kannst hier keine Videos machen. `/humo` sagt dir, warum.',

  'refused.prompt_alone':
    'Ich brauche etwas zum Sehen oder Hören: Füg ein `bild`, einen `ton` oder beides hinzu.\nBeispiel: `/humo prompt:Eine Frau erzählt im Café einen Witz bild:gesicht.png ton:witz.mp3`',
  'refused.broken_text':
    'Der Text enthält ein kaputtes Zeichen, vielleicht ein halbes Emoji. Tipp ihn noch einmal oder lass das Zeichen weg.',
  'refused.prompt_empty': 'Der `prompt` ist leer. Beschreib die Szene in einem Satz.',
  'refused.preset_gone':
    'Diese Qualität gibt es nicht mehr. Öffne das Formular oder den Befehl noch einmal und wähle eine andere.',
  'refused.say_and_audio': 'Du hast Text zum Sprechen und Ton angegeben. Bitte nimm nur eins von beiden.',
  'refused.voice_without_say':
    'Du hast eine `stimme` gewählt, aber nichts, was sie sagen soll. Füg `sag` hinzu oder lass `stimme` weg.',
  'refused.blocked_picture':
    'Jemand sagt, auf Bild {number} zu sehen zu sein, und möchte nicht, dass es auf diesem Server verwendet wird. Deshalb wurde nichts gemacht. Falls das ein Irrtum ist, frag bitte die Moderation hier: Sie kann die Sperre aufheben.',
  'refused.blocked_sound':
    'Jemand sagt, das sei die eigene Stimme, und möchte nicht, dass sie auf diesem Server verwendet wird. Deshalb wurde nichts gemacht. Falls das ein Irrtum ist, frag bitte die Moderation hier: Sie kann die Sperre aufheben.',
  'refused.not_agreed':
    'Bitte bestätige, dass du das Bild oder die Stimme verwenden darfst: Schick `"agreed": true` mit, wenn die gezeigte oder gehörte Person einverstanden ist und du die Dateien verwenden darfst.',
  'refused.audio_start_without_audio':
    'Du hast `tonbeginn` angegeben, aber keinen `ton`. Füg den Ton hinzu oder lass `tonbeginn` weg.',
  'refused.permissions':
    'In {channel} kann ich noch nicht arbeiten: Mir fehlt {permissions}. Bitte jemanden, der den Server verwaltet, es zu erlauben, oder nimm einen anderen Kanal. Nichts steht in der Warteschlange.',
  'refused.direct_messages_closed':
    'Ich könnte dir das Video nicht schicken: Ich bin hier kein Mitglied, und du nimmst keine Direktnachrichten von mir an. Erlaube sie (Benutzereinstellungen → Inhalte & Soziales → Direktnachrichten) oder nimm einen Server, auf dem ich bin. Nichts steht in der Warteschlange.',
  'refused.direct_messages_closed_private':
    'Ein privates Video, das länger als 15 Minuten dauert, kommt als Direktnachricht, und du nimmst keine von mir an. Erlaube sie (Benutzereinstellungen → Inhalte & Soziales → Direktnachrichten) oder mach das Video öffentlich: `privat:False`, oder für alle in `/einstellungen`. Nichts steht in der Warteschlange.',
  'refused.too_many_waiting':
    'Von dir {count, plural, one {wartet schon # Video} other {warten schon # Videos}}; mehr gehen hier nicht gleichzeitig. {known, select, yes {Das erste ist <t:{clears}:R> fertig: Warte darauf oder brich eins ab.} other {Warte, bis eins fertig ist, oder brich eins ab.}}',
  'refused.file': '**Zu `{option}`:** {reason}',
  'refused.not_understood':
    'Diesen Befehl kenne ich nicht (mehr). Falls er sich gerade geändert hat, lade Discord mit Strg+R neu.',
  'refused.stopping':
    'Ich werde gleich neu gestartet. Bitte gib den Befehl in einer Minute noch einmal ein; nichts steht in der Warteschlange.',

  'api.unauthorised':
    'Das braucht ein gültiges Token: Schick es als `Authorization: Bearer …`. Die Betreiber des Bots erstellen eins mit `{command}`.',
  'api.forbidden': 'Dein Token darf das nicht: Der Scope `{scope}` fehlt.',
  'api.bad_person':
    '`Humo-Person` muss eine der Personen deines Tokens nennen: 16 bis 64 Buchstaben, Ziffern, `-` und `_`.',
  'api.not_found':
    'Dieses Video gibt es nicht, oder es gehört dir nicht. Einträge bleiben {days, plural, one {# Tag} other {# Tage}} erhalten.',
  'api.no_such_address': 'Unter dieser Adresse ist nichts. Was es gibt, steht in `/v1/openapi.json`.',
  'api.method_not_allowed': 'Diese Adresse unterstützt diese Methode nicht. Möglich sind: {allow}.',
  'api.invalid_request': 'An der Anfrage stimmt etwas nicht; in `issues` steht, was.',
  'api.invalid_part':
    'Den Teil `{part}` des Formulars verstehe ich nicht. Ein Formular hat ein `request` (JSON), bis zu vier Dateien `image` und eine Datei `audio`, jede mit Dateinamen.',
  'api.nameless_part':
    'Ein Teil des Formulars hat keinen Namen. Jeder braucht vor seinem Inhalt eine Zeile `Content-Disposition: form-data; name="…"`.',
  'api.encoded_body': 'Kodierte Inhalte nehme ich nicht an. Schick ihn ohne `Content-Encoding`.',
  'api.expectation_failed': 'Als `Expect` kenne ich nur `100-continue`. Lass es weg.',
  'api.one_file':
    'Den Teil `{part}` des Formulars verstehe ich nicht. Erwartet wird eine Datei `{name}` mit Dateinamen.',
  'api.missing_part': 'Im Formular fehlt die Datei `{name}`.',
  'api.malformed_request': 'Das ist kein gültiges HTTP. In `/v1/openapi.json` steht, was ich annehme.',
  'api.malformed_form':
    'Das Formular bricht ab oder ist kein `multipart/form-data`. Schick es noch einmal vollständig.',
  'api.body_too_large': 'Das ist mehr, als ich auf einmal annehme. Mach die Dateien kleiner.',
  'api.malformed_json': 'Das ist kein gültiges JSON in UTF-8. Korrigiere es und schick es noch einmal.',
  'api.broken_text': 'Ein Text enthält ein halbes Zeichen: ein einzelnes Surrogat. Schick gültiges Unicode.',
  'api.still_open': 'Das Video wartet oder läuft noch. Brich es zuerst ab, dann lösch es.',
  'api.stands_in_discord':
    'Dieses Video wurde in Discord gepostet. Lösch es dort, dann ist es auch hier weg.',
  'api.again.deleted': 'Dieses Video wurde gelöscht. Mach ein neues mit den Dateien.',
  'api.again.expired':
    'Der Server, auf dem es gemacht wurde, hebt Dateien {days, plural, one {# Tag} other {# Tage}} auf, und dieses Video ist älter. Mach ein neues mit den Dateien.',
  'api.again.sound_gone':
    'Den Rest dieses Tons habe ich nicht mehr. Mach ein neues Video damit oder lass den Ausschnitt, wie er war.',
  'api.too_slow':
    'Der Upload war zu langsam, deshalb habe ich abgebrochen. Schick es über eine schnellere Verbindung noch einmal.',
  'api.too_many_uploads':
    'Du schickst schon so viel gleichzeitig, wie ich annehmen kann. Warte, bis ein Upload fertig ist, oder ein paar Sekunden.',
  'api.precondition_failed': 'Das ist nicht die Version, die `If-Match` nennt.',
  'api.headers_too_large': 'Die Header der Anfrage sind zu lang. Schick weniger oder kürzere.',
  'api.key_in_use':
    'Eine Anfrage mit diesem `Idempotency-Key` läuft noch. Versuch es in ein paar Sekunden noch einmal.',
  'api.key_of_another':
    'Dieser `Idempotency-Key` gehört zu einer anderen Anfrage. Nimm für eine neue Anfrage einen neuen.',
  'api.key_of_deleted':
    'Das Video zu diesem `Idempotency-Key` wurde gelöscht. Nimm für ein weiteres einen neuen.',
  'api.invalid_key':
    'Dieser `Idempotency-Key` ist ungültig: Erlaubt sind 1 bis 255 druckbare ASCII-Zeichen, mit oder ohne Anführungszeichen.',
  'api.webhook_refused':
    '`webhook` muss eine öffentliche https-Adresse ohne Namen und Passwort sein. Eigene Hosts erlaubst du mit `API_WEBHOOK_OWN_HOSTS`.',
  'api.unsupported_content_type':
    'Diesen Inhaltstyp nehme ich hier nicht an; welche ich annehme, steht in `/v1/openapi.json`.',
  'api.too_many_requests': 'Zu viele Anfragen in einer Minute. Warte so lange, wie `Retry-After` sagt.',
  'api.too_many_streams': 'Du verfolgst schon {count} Videos, mehr geht nicht. Schließ eins.',
  'api.busy': 'Gerade kommen viele Dateien an. Versuch es in ein paar Sekunden noch einmal.',
  'api.no_video': 'Es gibt noch kein Video.',
  'api.video_gone': 'Dieses Video wird nicht mehr aufbewahrt.',
  'api.no_preview': 'Gerade gibt es keine Vorschau.',
  'api.range_beyond_end': 'Das Video endet vor dieser Stelle.',
  'api.already_finished': 'Es ist schon fertig; es gibt nichts mehr abzubrechen.',
  'api.refused.prompt_alone': 'Ich brauche etwas zum Sehen oder Hören: Füg ein Bild, Ton oder beides hinzu.',
  'api.refused.voice_without_say':
    'Es gibt `voice` oder `language`, aber kein `say`. Füg `say` hinzu oder lass sie weg.',
  'api.refused.audio_start_without_audio':
    'Es gibt ein `audioStart`, aber kein `audio`. Füg den Ton hinzu oder lass `audioStart` weg.',
  'api.refused.stopping':
    'Ich werde gleich neu gestartet. Versuch es in einer Minute noch einmal; nichts steht in der Warteschlange.',

  'permission.ViewChannel': '**Kanal ansehen**',
  'permission.SendMessages': '**Nachrichten senden**',
  'permission.SendMessagesInThreads': '**Nachrichten in Threads senden**',
  'permission.AttachFiles': '**Dateien anhängen**',
  'permission.ReadMessageHistory': '**Nachrichtenverlauf anzeigen**',

  'refused.channel_gone': 'Ich sehe diesen Kanal nicht mehr. Bitte nimm einen anderen.',
  'button.stop': 'Abbrechen',
  'button.again': 'Noch mal',
  'button.better': 'Besser',
  'button.edit': 'Bearbeiten',
  'button.delete': 'Löschen',
  'button.show': 'Wieder zeigen',
  'button.stop_number': '{number} abbrechen',
  'button.show_number': '{number} zeigen',
  'button.refresh': 'Aktualisieren',
  'button.newer': 'Neuere',
  'button.older': 'Ältere',
  'button.look': 'Ansehen',
  'button.look_number': '{number} ansehen',
  'button.me': 'Das bin ich',
  'button.purge': 'Mit allen Wiederholungen löschen',
  'button.unblock_number': '{number} aufheben',
  'button.agree': 'Ja, weiter',
  'button.disagree': 'Nein',
  'menu.animate': 'Mit HuMo animieren',
  'menu.details': 'HuMo-Details',
  'menu.made_here': 'Wurde das hier gemacht?',
  'made_here.nothing': 'An dieser Nachricht hängt kein Video.',
  'made_here.ours': '✅ **Mit KI gemacht, von diesem Bot**, <t:{when}:f>, mit {model} ({preset}).\n-# {id}',
  'made_here.ours_forgotten':
    '✅ **Mit KI gemacht, von diesem Bot**; mehr weiß ich nicht mehr, es ist zu lange her.',
  'made_here.elsewhere': '🤖 **Mit KI gemacht**, mit derselben Software, aber von jemand anderem betrieben.',
  'made_here.unmarked':
    'Ich finde weder Signatur noch Wasserzeichen. Das beweist nichts: Beides kann beim Bearbeiten verloren gehen, und andere Tools hinterlassen keins.',
  'made_here.signature_says_nothing':
    'Woher es kommt, kann ich nicht sagen: Die Signatur passt nicht zur Datei.',
  'made_here.elsewhere_ai': '🤖 **Mit KI gemacht**, anderswo: Die Signatur nennt {generator}.',
  'made_here.elsewhere_signed': 'Anderswo gemacht: Die Signatur nennt {generator}.',
  'made_here.watermark_only':
    '-# Nur am Wasserzeichen erkannt: eine Kopie, die bearbeitet oder neu kodiert wurde.',
  'made_here.signed_own': '-# Von diesem Bot signiert und seitdem unverändert.',
  'made_here.signed_trusted':
    '-# Signiert von {name}, bestätigt von einer vertrauenswürdigen Stelle, und seitdem unverändert.',
  'made_here.signed_untrusted':
    '-# Signiert von „{name}“ und seitdem unverändert. Diesen Namen hat niemand bestätigt.',
  'made_here.changed': '⚠️ Es ist von „{name}“ signiert, wurde aber danach verändert.',
  'made_here.damaged':
    '⚠️ Es hat eine Signatur, die nicht mehr lesbar ist: Sie wurde beschädigt oder verändert.',
  'made_here.expired':
    '-# Das Zertifikat ist abgelaufen, und kein Zeitstempel zeigt, dass vorher signiert wurde.',
  'made_here.unreadable': 'Ich kann diese Datei nicht als Video lesen.',
  'made_here.too_large': 'Ich sehe mir nur Videos bis {megabytes} MB an.',
  'made_here.not_on_discord':
    'Dieses Video liegt nicht bei Discord, deshalb kann ich es mir nicht ansehen. Lade es hier hoch und frag noch einmal.',
  'made_here.unavailable': 'Ich habe diese Datei nicht von Discord bekommen. Bitte frag noch einmal.',
  'made_here.more':
    '-# An der Nachricht {count, plural, one {hängt noch # weitere Datei} other {hängen noch # weitere Dateien}}. Ich sehe mir {most} auf einmal an.',
  'made_here.asked_by': 'Für die Moderation: <@{user}> hat es angefordert.',
  'command.jobs.name': 'aufträge',
  'command.jobs.description': 'Deine Videos, die warten oder gerade entstehen',
  'command.history.name': 'verlauf',
  'command.history.description': 'Deine fertigen Videos, mit Links',
  'command.settings.name': 'einstellungen',
  'command.settings.description': 'Deine Vorgaben: Qualität, Format, Privatsphäre, Benachrichtigungen',
  'again.gone':
    'Dieses Video habe ich nicht mehr: Was ich brauche, um eins noch mal zu machen, hebe ich {days, plural, one {# Tag} other {# Tage}} auf. Bitte nimm `/humo` mit den Dateien.',
  'again.private_by_button':
    'Deine Videos sind privat, und meine Antwort auf eine Reaktion würden alle sehen. Drück bitte den Button unter dem Video oder ändere das in `/einstellungen`.',
  'again.reported':
    'Dieses Video wurde gemeldet. Sobald die Moderation es wieder zeigt, kannst du es wieder verwenden.',
  'again.deleted': 'Dieses Video wurde gelöscht. `/humo` macht ein neues.',
  'again.not_yours':
    'Auf diesem Server kann ein Video nur noch mal machen, wer es angefordert hat. Mit `/humo` machst du ein eigenes.',
  'again.expired':
    'Dieser Server hebt die Dateien {days, plural, one {# Tag} other {# Tage}} auf, und dieses Video ist älter. Bitte nimm `/humo` mit den Dateien.',
  'again.best_already':
    'Das ist schon die beste Qualität. Mit „Noch mal“ machst du einen neuen Versuch, mit „Bearbeiten“ änderst du etwas.',
  'again.twice': 'Schon beim ersten Mal gehört; es ist unterwegs.',
  'again.sound_gone':
    'Den Rest dieses Tons habe ich nicht mehr. Häng ihn im Formular noch einmal an oder lass den Anfang, wie er war.',
  'again.edit_here': '<@{userId}>, drück den Button und ändere, was du willst.',
  'form.edit_title': 'Bearbeiten und noch mal machen',
  'form.animate_title': 'Mit HuMo animieren',
  'form.prompt': 'Beschreib die Szene',
  'form.look': 'Qualität und Format',
  'form.start': 'Anfang des Tons',
  'form.start_description': 'In Sekunden, oder als 1:02.5',
  'form.say': 'Text zum Sprechen',
  'form.say_description': 'Leer: wie bisher, oder ohne Ton',
  'form.seed': 'Seed',
  'form.seed_description': 'Leer: ein neuer',
  'form.files': 'Neue Dateien',
  'form.files_description': 'Bilder ersetzen die Bilder, Ton ersetzt den Ton. Leer: Alles bleibt.',
  'refused.audio_start_invalid':
    'Den Anfang des Tons verstehe ich nicht. Gib ihn in Sekunden an, etwa `12.5`, oder als `1:02.5`; höchstens {most} Sekunden.',
  'refused.seed_invalid':
    'Der Seed muss eine ganze Zahl von 0 bis {most} sein. Lass ihn leer für einen neuen.',
  'refused.file_kind':
    'Ich erkenne nicht, was `{name}` ist. Nimm Bilder (PNG, JPEG, WebP) und Ton (MP3, WAV, OGG) oder ein Video mit Ton.',
  'refused.images_too_many': 'Das sind mehr als {most} Bilder. Nimm die {most} wichtigsten.',
  'refused.sounds_too_many': 'Das ist mehr als eine Tondatei. Nimm eine.',
  'animate.nothing': 'In dieser Nachricht ist weder Bild noch Ton. Nimm eine andere oder `/humo`.',
  'animate.first_taken':
    'Ich nehme die ersten {most} Bilder und den ersten Ton der Nachricht. Dateien, die du hier hinzufügst, ersetzen sie.',
  'animate.too_late': 'Dieses Formular war zu lange offen. Bitte öffne es im Menü der Nachricht noch einmal.',
  'lineage.linked': 'Entstanden aus {link}: {what}.',
  'lineage.unlinked': 'Entstanden aus einem früheren Video: {what}.',
  'lineage.nothing': 'nichts geändert',
  'change.seed': 'Seed {from} → {to}',
  'change.preset': '{from} → {to}',
  'change.shape': '{from} → {to}',
  'change.prompt': 'neuer Prompt',
  'change.audio_start': 'Ton ab {to} statt {from}',
  'change.images': 'neue Bilder',
  'change.speech': 'neuer Text zum Sprechen',
  'change.audio': 'neuer Ton',
  'result.reactions': '-# Reagiere mit ✉️, um es als Direktnachricht zu bekommen, mit 🚩, um es zu melden.',
  'delete.gone': 'Es ist schon weg.',
  'delete.not_yours': 'Löschen kann es nur, wer das Video angefordert hat, oder die Moderation.',
  'delete.done': 'Gelöscht, samt Video.',
  'delete.by_moderator':
    'Die Moderation hat dein Video gelöscht ({id}). Wenn du nicht weißt, warum, frag bitte nach.',
  'send.here': 'Hier ist das Video von {link}.',
  'send.closed':
    'Ich konnte dir das Video nicht schicken: Du nimmst keine Direktnachrichten von mir an. Erlaube sie (Benutzereinstellungen → Inhalte & Soziales → Direktnachrichten) und reagiere noch einmal.',
  'report.hidden': '**Gemeldet.** Ausgeblendet, bis die Moderation es angesehen hat.',
  'report.thanks': 'Danke. Das Video ist ausgeblendet, bis die Moderation es angesehen hat.',
  'report.moderators_only': 'Nur die Moderation kann es wieder zeigen.',
  'report.shown': 'Es ist wieder zu sehen.',
  'report.of_yours':
    'Jemand hat dein Video gemeldet ({id}). Es ist ausgeblendet, bis die Moderation es angesehen hat.',
  'report.yours_shown': 'Die Moderation hat dein gemeldetes Video ({id}) angesehen: Es ist wieder zu sehen.',
  'report.too_many':
    'Du hast innerhalb einer Stunde mehrere Videos gemeldet. Bitte warte etwas oder sag der Moderation Bescheid.',
  'report.banned':
    'Solange du hier gesperrt bist, nehme ich keine Meldungen von dir an. Bitte sag der Moderation Bescheid.',
  'report.looked_at':
    'Die Moderation hat dieses Video schon geprüft und nicht entfernt. Wenn du das anders siehst, sprich bitte mit ihr.',
  'report.look': 'Das gemeldete Video von <@{userId}> (`{id}`). Nur du siehst das.',
  'me.thanks': 'Ich habe das Video ausgeblendet und der Moderation Bescheid gesagt.',
  'me.blocked':
    'Seine Bilder und sein Ton sind auf diesem Server jetzt gesperrt, wenn die Moderation nichts anderes entscheidet.',
  'me.not_blocked':
    'Seine Bilder und sein Ton sind nicht mehr gespeichert, deshalb kann ich sie nicht wiedererkennen: Sag der Moderation Bescheid, wenn sie wieder auftauchen.',
  'me.lifted':
    'Die Moderation hat entschieden, dass seine Bilder und sein Ton hier verwendet werden dürfen. Wenn du das anders siehst, sprich bitte mit ihr.',
  'me.of_yours':
    'Jemand sagt, in deinem Video ({id}) zu sehen zu sein. Es ist ausgeblendet, bis die Moderation es angesehen hat. Du kannst es jetzt löschen, samt Dateien und allem, was daraus noch mal gemacht wurde.',
  'me.purged': 'Gelöscht: {count, plural, one {# Video} other {# Videos}} samt Dateien.',
  'me.unblocked': 'Entsperrt: Es kann auf diesem Server wieder verwendet werden.',
  'consent.text':
    '**Eine Frage, bevor ich dieses Bild oder diese Stimme verwende.** Bist du es selbst, oder weiß die Person davon und ist einverstanden? Und darfst du die Datei verwenden? Wer ungewollt in einem Video vorkommt, kann es ausblenden lassen.',
  'consent.once':
    '-# Ich speichere, dass du zugestimmt hast, wann und welchem Text. Ich frage erst wieder, wenn sich dieser Text ändert.',
  'consent.each_time': '-# Dieser Server möchte, dass ich jedes Mal frage.',
  'consent.mention': '<@{userId}>',
  'consent.thanks': 'Danke! Deine Anfrage läuft von selbst weiter.',
  'consent.declined': 'Alles klar: Es wurde nichts gemacht, und die Dateien habe ich nicht behalten.',
  'consent.gone':
    'Diese Frage ist nicht für dich, schon beantwortet oder über eine Stunde alt. Bitte fordere das Video noch einmal an.',
  'details.not_ours': 'In dieser Nachricht geht es um keins meiner Videos, oder ich habe es nicht mehr.',
  'details.heading': '**{id}**',
  'details.negative': 'Negativer Prompt: {prompt}',
  'details.settings':
    '{preset}: {model} · {width}×{height} · {frames, plural, one {# Frame} other {# Frames}} · {steps, plural, one {# Schritt} other {# Schritte}} · Shift {shift}',
  'details.seed': 'Seed `{seed}` · Guidance: {scales}',
  'details.shortcuts': 'Abkürzungen: {list}',
  'shortcut.sampler': 'Sampler {sampler}',
  'shortcut.guidance_audio': 'nur Guidance durch den Ton',
  'shortcut.guidance_none': 'ohne Guidance',
  'shortcut.audio_strength': 'Stärke des Tons {strength}',
  'shortcut.lora': 'LoRA `{file}` ({strength})',
  'shortcut.gating': '{passes, plural, one {# Durchlauf} other {# Durchläufe}} durch Gating gespart',
  'shortcut.caching': '{steps, plural, one {# Schritt} other {# Schritte}} durch Caching übersprungen',
  'details.inputs': '{mode} · {images, plural, =0 {kein Bild} one {# Bild} other {# Bilder}}',
  'details.sound': 'Ton: {start}–{end} von {total}',
  'voice.alone': 'HuMo hat nur die Stimme gehört, ohne die Musik.',
  'voice.not_isolated':
    'Die Stimme ließ sich nicht herauslösen: Diesem Server fehlt das Modell dafür, deshalb hat HuMo den ganzen Ton gehört.',
  'details.gpu': '{duration} auf der GPU',
  'details.unmarked': 'Kennzeichnung: {list}',
  'marking.no_label': 'kein Schriftzug',
  'marking.no_watermark': 'kein Wasserzeichen',
  'marking.no_signature': 'keine Signatur',
  'marking.smaller_copy': 'keine Signatur: Das ist eine kleinere Kopie für Discords Limit',
  'details.file': '-# In der Datei steht alles, auch der ganze Prompt.',
  'jobs.heading': '**Deine Videos unterwegs**',
  'jobs.none': 'Von dir wartet oder läuft gerade nichts. `/humo` macht ein Video.',
  'jobs.more': '-# Nur die ersten {count} werden angezeigt.',
  'jobs.guess': 'Diese Zeiten sind geschätzt.',
  'history.heading': '**Deine Videos**, Seite {page}',
  'history.none':
    'Du hast {days, plural, one {am letzten Tag} other {in den letzten # Tagen}} kein Video gemacht. `/humo` macht eins.',
  'history.done': '<t:{time}:d> {prompt} {link}',
  'history.unlinked': '<t:{time}:d> {prompt}',
  'history.private': '<t:{time}:d> {prompt} – privat: **{number} zeigen**',
  'history.undelivered':
    '<t:{time}:d> {prompt} – fertig, konnte aber nicht gepostet werden: **{number} zeigen**',
  'history.failed': '<t:{time}:d> {prompt} – fehlgeschlagen',
  'history.cancelled': '<t:{time}:d> {prompt} – abgebrochen',
  'history.deleted': '<t:{time}:d> {prompt} – gelöscht',
  'settings.title': 'Deine Vorgaben',
  'settings.preset': 'Qualität',
  'settings.shape': 'Format',
  'settings.negative': 'Negativer Prompt',
  'settings.negative_description': 'Leer: die Vorgabe dieses Servers.',
  'settings.private': 'Privat',
  'settings.private_description': 'Nur du siehst die Antworten und die Videos.',
  'settings.notify': 'Sag mir Bescheid, wenn es fertig ist',
  'settings.notify_description': 'Eine Direktnachricht mit einem Link.',
  'settings.as_here': 'Vorgabe dieses Servers',
  'settings.saved': '**Gespeichert.** Deine Vorgaben ab jetzt:',
  'settings.yes': 'ja',
  'settings.no': 'nein',
  'notice.done': 'Dein Video ist fertig: {link}',
  'notice.done_private':
    'Dein privates Video ist fertig, in {channel}. Siehst du es dort nicht mehr, zeigt `/verlauf` es wieder.',

  'refused.banned':
    'Du kannst hier{until, select, never {} other { bis <t:{clears}:f>}} keine Videos machen.{given, select, yes { Grund: {reason}} other {}}',
  'refused.banned_everywhere':
    'Die Betreiber dieses Bots haben dich{until, select, never {} other { bis <t:{clears}:f>}} überall vom Videomachen ausgeschlossen.{given, select, yes { Grund: {reason}} other {}}',
  'refused.erased':
    'Du hast alles löschen lassen, was ich über dich gespeichert hatte, und diese Anfrage gleich mit. Möchtest du das Video trotzdem, frag einfach noch einmal.',
  'refused.draining':
    'Ich nehme gerade keine neuen Anfragen an; was schon wartet, wird noch gemacht. Bitte versuch es später noch einmal.',
  'refused.draining_because': 'Ich nehme gerade keine neuen Anfragen an: {message}',
  'refused.filtered':
    'Etwas in deinem Text ist {where, select, server {auf diesem Server } other {}}nicht erlaubt. Bitte formulier es um; nichts steht in der Warteschlange.',
  'refused.cooldown':
    '{where, select, everywhere {Auf allen Servern zusammen} other {Hier}} ist ein Video pro {unit, select, hour {{count, plural, one {Stunde} other {# Stunden}}} minute {{count, plural, one {Minute} other {# Minuten}}} other {{count, plural, one {Sekunde} other {# Sekunden}}}} möglich. Dein nächstes geht <t:{clears}:R>.',
  'refused.queue_full':
    'Die Warteschlange dieses Servers ist voll: {count, plural, one {# Video wartet} other {# Videos warten}}. {known, select, yes {Das nächste beginnt <t:{clears}:R>; bitte versuch es dann noch einmal.} other {Bitte versuch es noch einmal, wenn ein paar fertig sind.}}',
  'refused.gpu_seconds':
    'Das ist mehr, als dir heute bleibt: Deine Videos haben in den letzten 24 Stunden {used, number} von {limit, number} GPU-Minuten gebraucht, und dieses braucht etwa {needed, number}. Platz dafür ist <t:{clears}:R>. Eine niedrigere Qualität braucht weniger.',
  'refused.gpu_never':
    'Dieses Video braucht etwa {needed, number} GPU-Minuten, und pro Person gibt es {where, select, everywhere {auf allen Servern zusammen} other {hier}} höchstens {limit, number} am Tag. Wähl eine niedrigere Qualität.',
  'refused.no_shared_server':
    'Ich kann dir nicht schreiben: Wir haben keinen gemeinsamen Server, und ich gehöre nicht zu deinen Apps. Füg mich zu deinen Apps hinzu oder nimm einen Server, auf dem ich bin. Nichts steht in der Warteschlange.',
  'refused.direct_messages_closed_group':
    'In einer Gruppe kommt ein Video, das länger als 15 Minuten dauert, als Direktnachricht, und du nimmst keine von mir an. Erlaube sie (Benutzereinstellungen → Inhalte & Soziales → Direktnachrichten) oder schreib mir direkt. Nichts steht in der Warteschlange.',
  'refused.budget':
    'Die GPU-Zeit aller ist für heute aufgebraucht. {known, select, yes {Mehr gibt es <t:{clears}:R>.} other {Bitte versuch es später noch einmal oder wähl eine niedrigere Qualität.}}',
  'refused.waiting_everywhere':
    'Von dir {count, plural, one {wartet schon # Video} other {warten schon # Videos}} auf allen Servern zusammen; mehr gehen für eine Person nicht. Warte, bis eins fertig ist, oder brich eins ab: `/aufträge`.',
  'refused.gpu_everywhere':
    'Das ist mehr, als dir heute bleibt: Deine Videos haben in den letzten 24 Stunden auf allen Servern zusammen {used, number} von {limit, number} GPU-Minuten gebraucht, und dieses braucht etwa {needed, number}. Platz dafür ist <t:{clears}:R>. Eine niedrigere Qualität braucht weniger.',
  'refused.server_unlisted':
    'Die Betreiber des Bots erlauben ihn nur auf bestimmten Servern, und dieser gehört nicht dazu.',
  'refused.person_unlisted':
    'Die Betreiber des Bots lassen nur bestimmte Leute Videos machen, und du stehst nicht auf der Liste. Bitte frag sie.',
  'failure.filter_pattern':
    'Dieses Muster verstehe ich nicht: {reason}. Muster sind reguläre Ausdrücke wie in RE2.',
  'failure.filter_pattern_size':
    'Dieses Muster ist zu groß, um es an jedem Text zu prüfen ({size} Schritte, höchstens {maximum}). Mach es kürzer.',
  'failure.filter_word': 'Dieses Wort hat keine sichtbaren Zeichen.',
  'failure.filter_too_many': 'Es gibt schon {maximum} Filter, und mehr geht nicht. Entferne zuerst einen.',

  'duration.seconds': '{seconds} s',
  'duration.minutes': '{minutes} min {seconds} s',
  'duration.whole_minutes': '{minutes} min',
  'duration.hours': '{hours} h {minutes} min',
  'duration.whole_hours': '{hours} h',

  'failure.unknown':
    'Bei uns ist etwas schiefgegangen. Wenn es wieder passiert, schick den Betreibern des Bots diese Referenz: `{reference}`',
  'failure.internal':
    'Bei uns ist etwas schiefgegangen. Wenn es wieder passiert, schick den Betreibern des Bots diese Referenz: `{reference}`',
  'failure.video_not_packed':
    'Das Video war fertig, aber ich konnte es nicht als Datei speichern. Wenn es wieder passiert, schick den Betreibern des Bots diese Referenz: `{reference}`',
  'failure.engine_crashed':
    'Das Programm, das die Videos macht, ist zweimal abgestürzt. Ein neuer Versuch kann helfen; wenn nicht, schick den Betreibern des Bots die Referenz unten.',
  'failure.engine_timeout':
    'Das Programm, das die Videos macht, hat zweimal nicht mehr reagiert. Ein neuer Versuch kann helfen; wenn nicht, schick den Betreibern des Bots die Referenz unten.',
  'failure.out_of_memory':
    'Der GPU ist bei dieser Größe der Speicher ausgegangen. Wähl eine niedrigere Qualität oder kürzeren Ton.',
  'failure.weights_missing':
    'Auf der Maschine, die das übernommen hat, fehlen die Modelldateien. Die Betreiber des Bots müssen sie herunterladen: `{command}`.',
  'failure.lora_missing':
    'Auf der Maschine, die das übernommen hat, fehlt das LoRA für diese Qualität. Die Betreiber des Bots können es herunterladen: `{command}`. Andere Qualitäten gehen auch ohne.',
  'failure.content_blocked': 'Das ist hier nicht erlaubt, deshalb wurde kein Video gemacht.',
  'failure.discord_refused_content':
    'Dein Video war fertig, aber Discord erlaubt es hier wegen seines Inhalts nicht. Auf deine Grenzen wird es nicht angerechnet. Mit `/verlauf` kannst du es dir allein zeigen lassen.',
  'failure.invalid_input':
    'An deinen Angaben stimmt etwas nicht. Prüf die Dateien und gib den Befehl noch einmal ein.',
  'failure.unsupported_media':
    'Eine deiner Dateien konnte ich nicht lesen. Versuch PNG oder JPEG für Bilder und MP3, WAV oder OGG für Ton.',
  'failure.too_large':
    'Eine deiner Dateien ist zu groß. Mach sie kleiner und gib den Befehl noch einmal ein.',
  'failure.undeliverable': 'Ich konnte das Ergebnis weder im Kanal noch als Direktnachricht senden.',
  'failure.download_refused':
    'Diese Datei kommt nicht von Discord, deshalb lade ich sie nicht herunter. Häng sie an den Befehl an.',
  'failure.download_failed':
    'Ich konnte diese Datei nicht von Discord herunterladen. Bitte gib den Befehl noch einmal ein.',
  'failure.download_slow':
    'Discord hat diese Datei zu langsam geliefert. Bitte gib den Befehl noch einmal ein.',
  'failure.not_a_video': 'Das ist kein Video, das ich lesen kann. Schick ein MP4, MOV, WebM, MKV oder GIF.',
  'failure.file_gone': 'Discord hat diese Datei nicht mehr. Bitte häng sie noch einmal an.',
  'failure.file_too_large':
    'Sie ist größer als {megabytes} MB. Mach sie kleiner, zum Beispiel durch Kürzen oder Umwandeln.',
  'failure.files_expired':
    'Die Dateien zu dieser Anfrage habe ich nicht mehr. Bitte gib den Befehl noch einmal mit den Dateien ein.',
  'failure.engine_protocol':
    'Die Programme auf der Maschine, die das übernommen hat, passen nicht zusammen. Die Betreiber des Bots müssen sie aktualisieren.',
  'failure.audio_start_beyond_end':
    'Der Ton endet nach {seconds} s, vor deinem `tonbeginn`. Wähle einen früheren Beginn.',
  'failure.audio_end_before_start':
    'Der Ton würde enden, bevor er bei {seconds} s beginnt. Wähle ein späteres Ende.',
  'failure.video_too_long':
    'Videos sind hier höchstens {seconds, plural, one {# Sekunde} other {# Sekunden}} lang. Wähl eine kürzere Länge.',
  'failure.speech_empty': 'Darin ist nichts, was man sprechen könnte. Schreib, was gesagt werden soll.',
  'failure.speech_too_long': 'Das ist zu lang zum Sprechen: höchstens 1.000 Zeichen.',
  'failure.speech_language':
    'Für diese Sprache habe ich keine Stimme. Wähl eine `stimme`, wenn der Text trotzdem gesprochen werden soll.',
  'failure.speech_voice':
    'Diese Stimme habe ich nicht (mehr). Wähl eine aus der Liste, die beim Tippen erscheint.',
  'failure.speech_unavailable':
    'Ich kann gerade keinen Text sprechen. Füg bitte Ton hinzu oder versuch es später noch einmal.',
  'failure.audio_too_short': 'Ab da ist der Ton zu kurz: Es braucht mindestens {seconds} s.',
  'failure.audio_too_large': 'Der Ton ist größer als {megabytes} MB. Kürz ihn oder wandle ihn in MP3 um.',
  'failure.audio_too_long':
    'Der Ton ist länger als {minutes} Minuten. Kürz ihn auf den Teil, den du brauchst.',
  'failure.file_empty': 'Diese Datei ist leer (0 Bytes). Schick sie noch einmal oder nimm eine andere.',
  'failure.audio_nothing_heard':
    'In dieser Datei ist nichts zu hören. Nimm sie neu auf oder schick eine andere.',
  'failure.image_cut_off':
    'Von diesem Bild fehlt das Ende: Der Upload wurde abgebrochen. Schick es noch einmal.',
  'failure.image_animated_avif':
    'Ein animiertes AVIF ist ein Video, und ich brauche ein Bild. Schick ein Einzelbild davon als PNG oder JPEG.',
  'failure.audio_no_track': 'Dieses Video hat keinen Ton. Nimm eins mit Ton oder eine Tondatei.',
  'failure.audio_not_sound':
    'Dieses Tonformat kenne ich nicht. Versuch MP3, WAV, OGG, M4A oder ein Video mit Ton.',
  'failure.audio_unreadable':
    'Ich konnte diesen Ton nicht lesen; vielleicht ist die Datei beschädigt. Wandle sie in MP3 oder WAV um und versuch es noch einmal.',
  'failure.audio_cut_off':
    'Diese Aufnahme wurde abgeschnitten: Der Teil, der sagt, wie man den Rest liest, fehlt. Schick die ganze Datei noch einmal.',
  'failure.image_heic':
    'HEIC-Fotos kann ich nicht öffnen. Schick das Foto als JPEG oder mach einen Screenshot davon.',
  'failure.image_not_image': 'Dieses Bildformat kenne ich nicht. Versuch PNG, JPEG, WebP, GIF oder AVIF.',
  'failure.image_too_large':
    'Das Bild ist größer als {megabytes} MB. Mach es kleiner und versuch es noch einmal.',
  'failure.image_too_long':
    'Das Bild hat auf einer Seite mehr als {pixels, number} Pixel. Mach es kleiner und versuch es noch einmal.',
  'failure.image_too_many_pixels':
    'Das Bild hat mehr als {megapixels} Megapixel. Mach es kleiner und versuch es noch einmal.',
  'failure.image_unreadable':
    'Ich konnte dieses Bild nicht lesen; vielleicht ist die Datei beschädigt. Speicher es als PNG oder JPEG und versuch es noch einmal.',
  'failure.video_does_not_fit':
    'Das Video war fertig, passt aber in keiner brauchbaren Qualität in die {kilobytes} kB, die Discord hier erlaubt. Versuch es mit kürzerem Ton.',
  'failure.queue_uncertain':
    'Meine Warteschlange antwortet nicht, deshalb weiß ich nicht, ob das angekommen ist. Schau bitte in einer Minute in `/aufträge` nach, bevor du es noch einmal versuchst.',
  'failure.disk_full':
    'Meine Festplatte ist voll, deshalb wurde nichts angenommen, gespeichert oder gezählt. Bitte sag den Betreibern des Bots, dass sie in meinem Datenordner Platz schaffen sollen, und versuch es dann noch einmal.',
  'failure.store_unreachable':
    'Ich erreiche meinen Speicher gerade nicht. Bitte versuch es in ein paar Minuten noch einmal.',
  'failure.queue_full':
    'Der Speicher oder die Festplatte meiner Warteschlange ist voll, deshalb wurde nichts angenommen, gespeichert oder gezählt. Bitte sag den Betreibern des Bots Bescheid und versuch es später noch einmal.',
  'failure.change_uncertain':
    'Meine Warteschlange antwortet nicht, deshalb weiß ich nicht, ob das geklappt hat. Schau bitte in einer Minute nach, bevor du es noch einmal machst.',
  'failure.queue_unreachable':
    'Ich erreiche meine Warteschlange gerade nicht, deshalb wurde nichts angenommen. Bitte versuch es in ein paar Minuten noch einmal.',
  'failure.cancelled_by_user': 'Du hast es abgebrochen.',
  'failure.cancelled_by_moderator': 'Die Moderation hat es abgebrochen.',
  'failure.cancelled_by_claim':
    'Inzwischen hat jemand gesagt, dieses Bild oder diese Stimme sei von ihm oder ihr und solle auf diesem Server nicht verwendet werden. Deshalb habe ich aufgehört. Falls das ein Irrtum ist, frag bitte die Moderation hier: Sie kann die Sperre aufheben.',
  'failure.cancelled_bot_removed': 'Der Bot wurde vom Server entfernt, bevor es fertig war.',
  'failure.cancelled': 'Es wurde abgebrochen.',
  'failure.video_too_large_for_channel':
    'Das Video war fertig, ist für Discord hier aber selbst verkleinert zu groß. Ein kürzeres Video oder die Qualität „Entwurf“ ergibt eine kleinere Datei.',
  'failure.direct_messages_closed':
    'Das Video war fertig, aber ich konnte es weder im Kanal noch als Direktnachricht senden.',
  'failure.discord_refuses': 'Discord erlaubt das hier wegen seines Inhalts nicht.',
  'failure.discord_missing_access':
    'Ich sehe diesen Kanal nicht mehr. Bitte lass jemanden, der diesen Server verwaltet, meine Berechtigungen prüfen.',
  'failure.discord_missing_permissions':
    'Das darf ich hier nicht. Bitte lass jemanden, der diesen Server verwaltet, meine Berechtigungen prüfen.',
  'failure.discord_unavailable':
    'Discord antwortet gerade nicht. Bitte versuch es in einer Minute noch einmal.',

  'command.queue.name': 'warteschlange',
  'command.queue.description': 'Für die Moderation: die Warteschlange dieses Servers',
  'command.queue.list.name': 'liste',
  'command.queue.list.description': 'Was wartet und läuft',
  'command.queue.show.name': 'zeigen',
  'command.queue.show.description': 'Alles über ein Video',
  'command.queue.cancel.name': 'abbrechen',
  'command.queue.cancel.description': 'Ein wartendes oder laufendes Video abbrechen; die Person erfährt es',
  'command.queue.clear.name': 'leeren',
  'command.queue.clear.description': 'Alles Wartende abbrechen, oder nur das einer Person',
  'command.queue.bump.name': 'vorziehen',
  'command.queue.bump.description': 'Ein Video vor die anderen dieses Servers ziehen',
  'command.queue.pause.name': 'pausieren',
  'command.queue.pause.description': 'Die Warteschlange pausieren; Neues kann sich weiter anstellen',
  'command.queue.resume.name': 'fortsetzen',
  'command.queue.resume.description': 'Die Warteschlange fortsetzen',
  'command.queue.ban.name': 'sperren',
  'command.queue.ban.description': 'Eine Person auf diesem Server keine Videos mehr machen lassen',
  'command.queue.unban.name': 'entsperren',
  'command.queue.unban.description': 'Eine Sperre aufheben',
  'command.queue.bans.name': 'sperrliste',
  'command.queue.bans.description': 'Wer gesperrt ist, von wem, bis wann und warum',
  'command.queue.stats.name': 'zahlen',
  'command.queue.stats.description': 'Die letzten 24 Stunden in Zahlen',
  'command.queue.log.name': 'protokollkanal',
  'command.queue.log.description': 'In welchem Kanal steht, was die Moderation tut',
  'command.queue.settings.name': 'regeln',
  'command.queue.settings.description': 'Regeln dieses Servers',
  'command.queue.audit.name': 'protokoll',
  'command.queue.audit.description': 'Wer was getan hat, Neuestes zuerst',
  'command.queue.limits.name': 'grenzen',
  'command.queue.limits.description': 'Wie viel Leute nutzen dürfen',
  'command.queue.limits_show.name': 'zeigen',
  'command.queue.limits_show.description': 'Die Grenzen für alle und für Rollen',
  'command.queue.limits_set.name': 'setzen',
  'command.queue.limits_set.description':
    'Grenzen ändern: eine Zahl, „keine“ für keine Grenze, „vorgabe“ für die Vorgabe des Bots',
  'command.queue.filter.name': 'filter',
  'command.queue.filter.description': 'Wörter, die in Prompts nicht erlaubt sind',
  'command.queue.filter_add.name': 'hinzufügen',
  'command.queue.filter_add.description': 'Ein Wort oder Muster hinzufügen',
  'command.queue.filter_remove.name': 'entfernen',
  'command.queue.filter_remove.description': 'Einen Filter entfernen',
  'command.queue.filter_test.name': 'testen',
  'command.queue.filter_test.description': 'Einen Text mit den Filtern prüfen',
  'command.queue.filter_list.name': 'liste',
  'command.queue.filter_list.description': 'Alle Filter',
  'command.queue.option_id.name': 'id',
  'command.queue.option_id.description': 'Welches: auswählen oder die ID unter seiner Nachricht einfügen',
  'command.queue.option_user.name': 'person',
  'command.queue.option_user.description': 'Wer',
  'command.queue.option_reason.name': 'grund',
  'command.queue.option_reason.description': 'Warum; die Betroffenen lesen es',
  'command.queue.option_for.name': 'dauer',
  'command.queue.option_for.description': 'Wie lange: 30m, 2h, 1d12h. Ohne Angabe, bis du es beendest',
  'command.queue.option_role.name': 'rolle',
  'command.queue.option_role.description': 'Für wen; ohne Angabe für alle',
  'command.queue.option_waiting.name': 'wartend',
  'command.queue.option_waiting.description': 'Wie viele Videos eine Person wartend oder laufend haben darf',
  'command.queue.option_gpu_minutes.name': 'gpu_minuten',
  'command.queue.option_gpu_minutes.description': 'Minuten GPU-Zeit pro Person in 24 Stunden',
  'command.queue.option_cooldown.name': 'abstand',
  'command.queue.option_cooldown.description': 'Zeit zwischen zwei Anfragen einer Person: 30s, 5m',
  'command.queue.option_video_length.name': 'videolänge',
  'command.queue.option_video_length.description': 'Wie lang ein Video einer Person sein darf: 30s, 2m',
  'command.queue.option_weight.name': 'gewicht',
  'command.queue.option_weight.description':
    'Anteil an der Warteschlange, 0,1 bis 10; mit 2 zählt GPU-Zeit halb',
  'command.queue.option_queue_length.name': 'länge',
  'command.queue.option_queue_length.description':
    'Wie viele Videos auf diesem Server höchstens warten dürfen',
  'command.queue.option_text.name': 'text',
  'command.queue.option_text.description': 'Das Wort, das Muster oder der Text',
  'command.queue.option_kind.name': 'art',
  'command.queue.option_kind.description': 'Ein ganzes Wort (Standard) oder ein regulärer Ausdruck',
  'command.queue.option_filter.name': 'filter',
  'command.queue.option_filter.description': 'Welcher Filter',
  'command.queue.option_channel.name': 'kanal',
  'command.queue.option_channel.description': 'Wo es stehen soll',
  'command.queue.option_off.name': 'aus',
  'command.queue.option_off.description': 'Nirgends',
  'command.queue.option_rerun_others.name': 'fremde_wiederholen',
  'command.queue.option_rerun_others.description': 'Ob Leute Videos anderer noch mal machen dürfen',
  'command.queue.option_keep_days.name': 'tage',
  'command.queue.option_keep_days.description': 'Wie viele Tage ein Video noch mal gemacht werden kann',
  'command.queue.option_ask_each_time.name': 'jedes_mal_fragen',
  'command.queue.option_ask_each_time.description':
    'Ob ich jedes Mal frage, ob ein Bild oder eine Stimme verwendet werden darf',
  'command.queue.option_label_words.name': 'schriftzug',
  'command.queue.option_label_words.description': 'Der Schriftzug in einer Ecke jedes Videos',
  'command.queue.option_label_size.name': 'schriftgroesse',
  'command.queue.option_label_size.description': 'Wie groß der Schriftzug ist',
  'command.queue.option_label_corner.name': 'ecke',
  'command.queue.option_label_corner.description': 'In welcher Ecke der Schriftzug steht',
  'command.queue.reports.name': 'meldungen',
  'command.queue.reports.description': 'Was gemeldet wurde, und von wem',
  'command.queue.blocks.name': 'bildsperren',
  'command.queue.blocks.description': 'Bilder und Ton, die hier gesperrt sind',
  'command.queue_admin.name': 'warteschlange-betrieb',
  'command.queue_admin.description': 'Für die Betreiber des Bots: die ganze Warteschlange',
  'command.queue_admin.pause.name': 'pausieren',
  'command.queue_admin.pause.description': 'Die ganze Warteschlange überall pausieren',
  'command.queue_admin.resume.name': 'fortsetzen',
  'command.queue_admin.resume.description': 'Die Warteschlange fortsetzen',
  'command.queue_admin.drain.name': 'leerlaufen',
  'command.queue_admin.drain.description': 'Keine neuen Anfragen annehmen; was wartet und läuft, geht weiter',
  'command.queue_admin.undrain.name': 'annehmen',
  'command.queue_admin.undrain.description': 'Wieder neue Anfragen annehmen',
  'command.queue_admin.workers.name': 'maschinen',
  'command.queue_admin.workers.description':
    'Die Maschinen: GPU, Modelle, woran sie arbeiten, wann zuletzt gesehen',
  'command.queue_admin.gpus.name': 'gpus',
  'command.queue_admin.gpus.description':
    'Gemietete GPUs: was läuft und was es kostet; eine von Hand starten oder stoppen',
  'command.queue_admin.retry.name': 'wiederholen',
  'command.queue_admin.retry.description': 'Fehlgeschlagene Videos der letzten 24 Stunden noch mal einreihen',
  'command.queue_admin.maintenance.name': 'wartung',
  'command.queue_admin.maintenance.description':
    'Eine Zeile in jeder Statusnachricht; ohne Text verschwindet sie',
  'command.queue_admin.marking.name': 'kennzeichnung',
  'command.queue_admin.marking.description': 'Wie Videos zeigen, dass sie mit KI erstellt sind',
  'command.queue_admin.option_label.name': 'schriftzug',
  'command.queue_admin.option_label.description': 'Ob jedes Video einen Schriftzug in einer Ecke hat',
  'command.queue_admin.audit.name': 'protokoll',
  'command.queue_admin.audit.description': 'Was die Betreiber des Bots getan haben, Neuestes zuerst',
  'command.queue_admin.option_message.name': 'text',
  'command.queue_admin.option_message.description': 'Was Leute lesen',
  'command.queue_admin.option_code.name': 'ursache',
  'command.queue_admin.option_code.description': 'Nur, was aus diesem Grund fehlgeschlagen ist',

  'command.queue_admin.option_do.name': 'aktion',
  'command.queue_admin.option_do.description': 'Noch eine starten oder eine stoppen',
  'command.queue_admin.option_gpu.name': 'gpu',
  'command.queue_admin.option_gpu.description': 'Welche gestoppt wird',
  'command.queue_admin.ban.name': 'sperren',
  'command.queue_admin.ban.description': 'Eine Person nirgends mehr Videos machen lassen',
  'command.queue_admin.limits_show.name': 'zeigen',
  'command.queue_admin.limits_show.description': 'Die Grenzen über alle Server und das Budget',
  'command.queue_admin.limits_set.name': 'setzen',
  'command.queue_admin.limits_set.description':
    'Grenzen über alle Server und Direktnachrichten ändern: eine Zahl oder „keine“',
  'command.queue_admin.option_budget.name': 'budget',
  'command.queue_admin.option_budget.description': 'Minuten GPU-Zeit für alle zusammen in 24 Stunden',
  'command.queue_admin.option_server.name': 'server',
  'command.queue_admin.option_server.description': 'Welcher Server: auswählen oder seine ID einfügen',
  'command.queue_admin.allow.name': 'zulassen',
  'command.queue_admin.allow.description': 'Welche Server und Leute Videos machen dürfen; ohne Einträge alle',
  'command.queue_admin.allow_add.name': 'hinzufügen',
  'command.queue_admin.allow_add.description': 'Einen Server oder eine Person zulassen',
  'command.queue_admin.allow_remove.name': 'entfernen',
  'command.queue_admin.allow_remove.description': 'Einen Server oder eine Person von der Liste nehmen',
  'command.queue_admin.allow_list.name': 'liste',
  'command.queue_admin.allow_list.description': 'Wer zugelassen ist',
  'command.limits.name': 'grenzen',
  'command.limits.description': 'Was dir noch bleibt, hier und überall',
  'queue.guild_only': 'Das geht nur auf einem Server, auf dem ich Mitglied bin.',
  'queue.moderators_only':
    'Das darf nur die Moderation: Deine Rolle auf diesem Server braucht die Berechtigung „Nachrichten verwalten“.',
  'queue.owners_only': 'Das dürfen nur die Betreiber des Bots.',
  'queue.unknown':
    'Auf diesem Server gibt es kein Video mit dieser ID. Wähl eins aus der Liste oder kopier die ID unter seiner Nachricht.',
  'queue.unknown_anywhere': 'Es gibt kein Video mit dieser ID. Kopier die ID unter seiner Nachricht.',
  'queue.span': '„{text}“ verstehe ich nicht. Schreib die Dauer so: `30m`, `2h` oder `1d12h` (s, m, h, d).',
  'queue.span_range': 'Das ist zu kurz oder zu lang: Möglich sind {minimum} bis {maximum}.',
  'queue.number':
    '`{option}` muss eine Zahl von {minimum, number} bis {maximum, number} sein, `keine` oder `vorgabe`.',
  'queue.number_needed':
    '`{option}` muss eine Zahl von {minimum, number} bis {maximum, number} sein, oder `vorgabe`.',
  'queue.page': '-# Seite {page}',
  'queue.private': '(privat)',
  'queue.status.queued': 'wartet',
  'queue.status.running': 'läuft',
  'queue.status.delivering': 'fertig',
  'queue.status.delivered': 'fertig',
  'queue.status.failed': 'fehlgeschlagen',
  'queue.status.cancelled': 'abgebrochen',
  'queue.list.heading':
    '**Die Warteschlange dieses Servers**: {running, plural, one {# läuft} other {# laufen}}, {waiting, plural, one {# wartet} other {# warten}}',
  'queue.list.none': 'Auf diesem Server wartet und läuft nichts.',
  'queue.list.line': '{place} <@{userId}> {prompt}\n-# angefordert <t:{time}:R> · `{id}`',
  'queue.list.more': '-# Nur die ersten {count} werden angezeigt.',
  'queue.paused': '⏸️ **Pausiert** von <@{by}> <t:{since}:R>.',
  'queue.paused_until': '⏸️ **Pausiert** von <@{by}> <t:{since}:R>, bis <t:{until}:f>.',
  'queue.show.who': '<@{userId}> · {status} · angefordert <t:{time}:R>',
  'queue.show.private':
    'Es ist privat: Was darin ist, sieht nur die Person selbst. Abbrechen kannst du es trotzdem.',
  'queue.cancel.done': 'Abgebrochen. Ich sage <@{userId}> Bescheid.',
  'queue.cancel.asked': 'Wird abgebrochen … Ich sage <@{userId}> Bescheid.',
  'queue.cancel.finished': 'Es ist schon fertig; es gibt nichts mehr abzubrechen.',
  'queue.clear.done':
    '{count, plural, =0 {Es hat nichts gewartet.} one {Ein wartendes Video wurde abgebrochen.} other {# wartende Videos wurden abgebrochen.}} Was läuft, läuft weiter.',
  'queue.bump.done': 'Es steht jetzt vor den anderen dieses Servers.',
  'queue.bump.not_waiting': 'Es wartet nicht (mehr), also gibt es nichts vorzuziehen.',
  'queue.pause.done':
    'Pausiert. {count, plural, =0 {Es wartet nichts.} one {Ein Video wartet.} other {# Videos warten.}} Neues kann sich weiter anstellen.',
  'queue.resume.done':
    'Es geht weiter{count, plural, =0 {; gerade wartet nichts} one { mit einem Video} other { mit # Videos}}.',
  'queue.resume.nothing': 'Es ist nichts pausiert.',
  'queue.until': 'Bis <t:{until}:f>.',
  'queue.ends': 'bis <t:{until}:f>',
  'queue.ban.done':
    '<@{userId}> kann hier keine Videos mehr machen. Was schon wartet, läuft weiter; `/warteschlange leeren` bricht es ab.',
  'queue.unban.done': '<@{userId}> kann hier wieder Videos machen.',
  'queue.unban.nothing': '<@{userId}> ist nicht gesperrt.',
  'queue.bans.heading': '**Hier gesperrt**',
  'queue.bans.none': 'Niemand ist gesperrt.',
  'queue.bans.line': '<@{userId}> von <@{by}>, <t:{since}:d>',
  'queue.reason': 'Grund: {reason}',
  'queue.limits.heading': '**Grenzen**',
  'queue.limits.everyone': 'Alle: {limits}',
  'queue.limits.role': '<@&{roleId}>: {limits}',
  'queue.limits.waiting': 'wartend: {value}',
  'queue.limits.gpu_minutes': 'GPU-Zeit am Tag: {value}',
  'queue.limits.cooldown': 'zwischen zwei Anfragen: {value}',
  'queue.limits.video_length': 'längstes Video: {value}',
  'queue.limits.weight': 'Gewicht: {value}',
  'queue.limits.queue_length': 'längste Warteschlange: {value}',
  'queue.limits.none': 'keine Grenze',
  'queue.limits.word_none': 'keine',
  'queue.limits.as_default': '{value} (Vorgabe)',
  'queue.limits.word_default': 'vorgabe',
  'queue.limits.nothing':
    'Wähl aus, was sich ändern soll: `wartend`, `gpu_minuten`, `abstand`, `gewicht` oder `länge`.',
  'queue.limits.length_for_all': '`länge` gilt für den ganzen Server: Lass `rolle` weg.',
  'queue.limits.done': 'Geändert. Es gilt ab jetzt.',
  'queue.stats.heading': '**Die letzten 24 Stunden**',
  'queue.stats.now':
    'Jetzt: {running, plural, one {# läuft} other {# laufen}}, {waiting, plural, one {# wartet} other {# warten}}',
  'queue.stats.day': '{done} fertig · {failed} fehlgeschlagen · {cancelled} abgebrochen · {gpu} auf der GPU',
  'queue.stats.wait': 'Die Hälfte begann innerhalb von {wait}.',
  'queue.stats.person': '{number}. <@{userId}>: {done, plural, one {# Video} other {# Videos}}, {gpu}',
  'queue.filter.word': 'Wort',
  'queue.filter.pattern': 'Muster',
  'queue.filter.added': 'Hinzugefügt ({kind}): {text}',
  'queue.filter.removed': 'Entfernt ({kind}): {text}',
  'queue.filter.unknown': 'Diesen Filter gibt es nicht. `/warteschlange filter liste` zeigt alle.',
  'queue.filter.meets': 'Dieser Filter ({kind}) würde das ablehnen: {text}',
  'queue.filter.passes': 'Kein Filter lehnt diesen Text ab.',
  'queue.filter.heading': '**Filter**',
  'queue.filter.none': 'Es gibt keine Filter.',
  'queue.filter.line': '{text} ({kind}, <@{by}>, <t:{time}:d>)',
  'queue.log.done': 'Was die Moderation tut, steht ab jetzt in <#{channelId}>.',
  'queue.log.off': 'Ich poste das Protokoll nicht mehr. `/warteschlange protokoll` zeigt es weiterhin.',
  'queue.log.now': 'Was die Moderation tut, steht in <#{channelId}>.',
  'queue.log.nowhere':
    'Was die Moderation tut, steht in keinem Kanal. `/warteschlange protokollkanal kanal:…` ändert das.',
  'queue.log.gone':
    '-# Das konnte ich nicht posten: Den Protokollkanal gibt es nicht mehr, oder ich sehe ihn nicht mehr. Wähl mit `/warteschlange protokollkanal` einen anderen.',
  'queue.log.forbidden': '-# In <#{channelId}> konnte ich das nicht posten: Mir fehlt {permissions}.',
  'queue.log.cannot':
    'In <#{channelId}> kann ich nicht schreiben: Mir fehlt {permissions}. Erlaub es oder nimm einen anderen Kanal. Nichts wurde geändert.',
  'queue.log.unseen':
    'Ich sehe <#{channelId}> nicht und kann dort nicht schreiben. Gib mir **Kanal ansehen** und **Nachrichten senden** oder nimm einen anderen Kanal. Nichts wurde geändert.',
  'queue.settings.heading': '**Regeln dieses Servers**',
  'queue.settings.rerun_others': 'Leute dürfen Videos anderer noch mal machen: {value}',
  'queue.settings.keep_days':
    'Ein Video kann {days, plural, one {# Tag} other {# Tage}} lang noch mal gemacht werden.',
  'queue.settings.ask_each_time':
    'Ich frage jedes Mal, ob ein Bild oder eine Stimme verwendet werden darf: {value}',
  'queue.settings.label':
    'Schriftzug in jedem Video: „{words}“, {size}, {corner}. Abschalten können ihn nur die Betreiber des Bots.',
  'queue.settings.label_off':
    'Die Betreiber des Bots haben den Schriftzug in Videos abgeschaltet. Wer ein Video postet, muss selbst sagen, dass es mit KI erstellt ist, wie es Art. 50 Abs. 4 der KI-Verordnung der EU verlangt.',
  'queue.audit.heading': '**Wer was getan hat**',
  'queue.audit.none': 'Noch hat niemand etwas getan.',
  'queue.audit.cancel': 'hat ein Video abgebrochen',
  'queue.audit.clear': 'hat die Warteschlange geleert',
  'queue.audit.bump': 'hat ein Video vorgezogen',
  'queue.audit.pause': 'hat die Warteschlange pausiert',
  'queue.audit.resume': 'hat die Warteschlange fortgesetzt',
  'queue.audit.ban': 'hat gesperrt',
  'queue.audit.unban': 'hat entsperrt',
  'queue.audit.limits': 'hat Grenzen geändert',
  'queue.audit.settings': 'hat die Regeln geändert',
  'queue.audit.filter_add': 'hat einen Filter hinzugefügt',
  'queue.audit.filter_remove': 'hat einen Filter entfernt',
  'queue.audit.log_channel': 'hat den Protokollkanal geändert',
  'queue.audit.delete_result': 'hat ein Video gelöscht',
  'queue.audit.report': 'hat ein Video gemeldet',
  'queue.audit.report_shown': 'hat ein gemeldetes Video wieder gezeigt',
  'queue.audit.global_pause': 'hat alles pausiert',
  'queue.audit.global_resume': 'hat alles fortgesetzt',
  'queue.audit.drain': 'hat die Annahme gestoppt',
  'queue.audit.drain_ended': 'nimmt wieder Anfragen an',
  'queue.audit.retry_failed': 'hat fehlgeschlagene Videos noch mal eingereiht',
  'queue.audit.maintenance': 'hat die Wartungsnachricht gesetzt',
  'queue.audit.maintenance_ended': 'hat die Wartungsnachricht entfernt',
  'queue.audit.nowhere': 'nirgends',
  'queue.audit.videos': '{count, plural, one {# Video} other {# Videos}}',
  'queue.audit.waiting': '{count, plural, =0 {nichts wartete} one {# wartete} other {# warteten}}',
  'queue.audit.code': 'fehlgeschlagen wegen: {code}',
  'queue.audit.allow': 'hat zugelassen',
  'queue.audit.allow_ended': 'hat von der Liste genommen',
  'queue.audit.claimed': 'sagt „Das bin ich“',
  'queue.audit.unblock': 'hat Bilder und Ton entsperrt',
  'queue.audit.marking': 'hat die Kennzeichnung der Videos geändert',
  'queue.audit.label': 'Schriftzug: {value}',
  'queue.reports.heading': '**{days, plural, one {Am letzten Tag} other {In den letzten # Tagen}} gemeldet**',
  'queue.reports.none':
    '{days, plural, one {Am letzten Tag} other {In den letzten # Tagen}} wurde nichts gemeldet.',
  'queue.reports.line':
    '{number}. <t:{time}:d> <@{userId}> `{id}` – {state}, {count, plural, one {# Meldung} other {# Meldungen}}: {people}',
  'queue.reports.reporter': '<@{userId}> (insgesamt {count, plural, one {# Meldung} other {# Meldungen}})',
  'queue.reports.hidden': 'ausgeblendet',
  'queue.reports.shown': 'wieder gezeigt',
  'queue.reports.deleted': 'gelöscht',
  'queue.blocks.heading': '**Auf diesem Server gesperrt: Jemand sagte „Das bin ich“**',
  'queue.blocks.none': 'Hier ist nichts gesperrt.',
  'queue.blocks.line':
    '**{number}.** <t:{time}:R> · `{id}` · {pictures, plural, =0 {kein Bild} one {# Bild} other {# Bilder}}{sound, select, yes { und der Ton} other {}}',
  'queue_admin.pause.done': 'Alles ist pausiert. Neues kann sich weiter anstellen.',
  'queue_admin.resume.done': 'Es geht weiter.',
  'queue_admin.drain.done': 'Ich nehme keine neuen Anfragen mehr an. Was wartet und läuft, geht weiter.',
  'queue_admin.undrain.done': 'Ich nehme wieder neue Anfragen an.',
  'queue_admin.undrain.nothing': 'Es gibt nichts zu ändern: Ich nehme schon neue Anfragen an.',
  'queue_admin.workers.heading': '**Maschinen**',
  'queue_admin.workers.none': 'Noch war keine Maschine online.',
  'queue_admin.workers.line': '{state} `{id}` · {device} · {models}\n-# {job} · zuletzt gesehen <t:{seen}:R>',
  'queue_admin.workers.idle': 'frei',
  'queue_admin.workers.runs': 'arbeitet an `{id}`',
  'queue_admin.workers.unknown_device': 'GPU unbekannt',
  'queue_admin.gpus.start': 'Eine starten',
  'queue_admin.gpus.stop': 'Eine stoppen',
  'queue_admin.gpus.off':
    'Hier werden keine GPUs gemietet. GPU_PROVIDER schaltet es ein; wie, steht in docs/runpod.md.',
  'queue_admin.gpus.heading': '**Gemietete GPUs** ({provider})',
  'queue_admin.gpus.none': 'Keine läuft.',
  'queue_admin.gpus.line': '{state} `{name}` · {kind} · {price} $/h\n-# {what} · seit <t:{since}:f>',
  'queue_admin.gpus.starting': 'startet',
  'queue_admin.gpus.ready': 'nimmt Videos an',
  'queue_admin.gpus.ending': 'wird gestoppt',
  'queue_admin.gpus.spent':
    'Heute {today} ${dayCap, select, none {} other { von {dayCap} $}} · dieser Monat {month} ${monthCap, select, none {} other { von {monthCap} $}}',
  'queue_admin.gpus.usual': 'Ein Start dauert meist {duration}.',
  'queue_admin.gpus.problem': '⚠️ Der Anbieter sagt: {problem}',
  'queue_admin.gpus.silent':
    '⚠️ Seit <t:{at}:f> kümmert sich niemand um die GPUs. Läuft der Bot oder der Scaler?',
  'queue_admin.gpus.kept': 'Bis <t:{until}:t> wird eine bereitgehalten (GPU_READY_HOURS).',
  'queue_admin.gpus.rests': 'Du hast eine von Hand gestoppt: Bis <t:{until}:t> wird keine bereitgehalten.',
  'queue_admin.gpus.hindrance.cap': '⚠️ Die Ausgabengrenze ist erreicht: Es wird nichts mehr gestartet.',
  'queue_admin.gpus.hindrance.hours': 'Außerhalb deiner Zeiten (GPU_HOURS): Gerade wird nichts gestartet.',
  'queue_admin.gpus.hindrance.no_offer': '⚠️ Keine deiner GPUs ist zu deinem Preis zu haben (GPU_KINDS).',
  'queue_admin.gpus.hindrance.back_off':
    'Der letzte Start ist fehlgeschlagen; der nächste Versuch kommt gleich.',
  'queue_admin.gpus.hindrance.maximum': 'Es laufen so viele, wie du erlaubst (GPU_MAXIMUM_PODS).',
  'queue_admin.gpus.start_asked': 'Gleich wird noch eine gestartet, wenn deine Grenzen es erlauben.',
  'queue_admin.gpus.stop_asked':
    '`{name}` wird gleich gestoppt. Was dort gerade läuft, geht zurück in die Warteschlange.',
  'queue_admin.gpus.unknown': 'Ich kenne keine gemietete GPU namens `{name}`. Wähle eine aus der Liste.',
  'queue_admin.retry.done':
    '{count, plural, =0 {Nichts, was in den letzten 24 Stunden fehlgeschlagen ist, passt.} one {Ein Video ist wieder eingereiht:} other {# Videos sind wieder eingereiht:}}',
  'queue_admin.maintenance.set': 'Gesetzt. Statusnachrichten zeigen es ab ihrer nächsten Aktualisierung.',
  'queue_admin.maintenance.removed': 'Entfernt.',
  'queue_admin.marking.on':
    'Jedes Video zeigt in einer Ecke, dass es mit KI erstellt ist; Text, Größe und Ecke wählen Server mit `/warteschlange regeln`.',
  'queue_admin.marking.off':
    'Neue Videos haben keinen Schriftzug. Nach Art. 50 Abs. 4 der KI-Verordnung der EU muss, wer einen Deepfake veröffentlicht, dann auf andere Weise klar und auf den ersten Blick zeigen, dass er mit KI erstellt ist.',
  'queue_admin.ban.done': '<@{userId}> kann nirgends mehr Videos machen. Was schon wartet, läuft weiter.',
  'queue_admin.unban.done': '<@{userId}> kann wieder Videos machen.',
  'queue_admin.bans.heading': '**Überall gesperrt**',
  'queue_admin.limits.heading': '**Grenzen pro Person, auf allen Servern und in Direktnachrichten**',
  'queue_admin.limits.budget': 'GPU-Zeit am Tag für alle zusammen: {value}',
  'queue_admin.limits.nothing':
    'Wähl aus, was sich ändern soll: `wartend`, `gpu_minuten`, `abstand` oder `budget`.',
  'queue_admin.allow.nothing': 'Wähl einen `server`, eine Person oder beides.',
  'queue_admin.allow.no_server':
    '`server` muss die ID eines Servers sein: Wähl einen aus oder füg seine 17 bis 20 Ziffern ein.',
  'queue_admin.allow.too_many': 'Von beidem sind höchstens {maximum, number} möglich.',
  'queue_admin.allow.everybody': 'Alle dürfen überall Videos machen: Die Liste ist leer.',
  'queue_admin.allow.heading':
    '**Nur sie dürfen Videos machen** – auf diesen Servern alle, und diese Leute überall',
  'queue_admin.allow.server': 'Server `{id}`',
  'queue_admin.allow.person': '<@{userId}>',
  'status.held_guild':
    '**In der Warteschlange: Platz {position} von {waiting}.** Die Moderation dieses Servers hat sie pausiert.',
  'status.held_deployment':
    '**In der Warteschlange: Platz {position} von {waiting}.** Gerade ist alles pausiert.',
  'status.held_reason': 'Warum: {reason}',
  'status.held_until': 'Weiter geht es <t:{until}:R>.',
  'status.maintenance': 'ℹ️ {message}',
  'failure.cancelled_by_moderator_because': 'Die Moderation hat es abgebrochen. Grund: {reason}',
  'failure.discord_outside':
    'Ich bin hier kein Mitglied, deshalb geht das nicht. Nimm einen Server, auf dem ich bin, oder schreib mir direkt.',
  'failure.discord_direct':
    'Du nimmst keine Direktnachrichten von mir an. Erlaube sie (Benutzereinstellungen → Inhalte & Soziales → Direktnachrichten) oder nimm einen Server, auf dem ich bin.',
  'limits.heading': '**Was dir noch bleibt**',
  'limits.none': 'Für dich ist hier nichts begrenzt.',
  'limits.waiting':
    'Gleichzeitig wartende Videos, {where, select, everywhere {auf allen Servern zusammen} other {hier}}: noch {left, number} von {limit, number}',
  'limits.gpu':
    'GPU-Zeit in 24 Stunden, {where, select, everywhere {auf allen Servern zusammen} other {hier}}: noch {left} von {limit}',
  'limits.cooldown':
    'Dein nächstes Video {where, select, everywhere {überhaupt} other {hier}}: <t:{clears}:R>',
  'limits.queue': 'Platz in der Warteschlange dieses Servers: noch {left, number} von {limit, number}',
  'limits.video_length': 'Längstes Video hier: {limit}',
  'limits.budget': 'GPU-Zeit heute für alle: noch {left} von {limit}',
  'command.forget.name': 'vergessen',
  'command.forget.description': 'Was ich über dich gespeichert habe und wie du es löschst',
  'command.help.name': 'hilfe',
  'command.help.description': 'Was ich kann, in einem Bild und ein paar Zeilen',
  'button.forget_erase': 'Alles löschen',
  'button.forget_keep': 'Behalten',
  'forget.heading': '**Was ich über dich gespeichert habe**',
  'forget.nothing': 'Ich habe nichts über dich gespeichert, was ich löschen könnte.',
  'forget.generations':
    '{count, plural, one {# Video oder Anfrage, vom <t:{first}:D>} other {# Videos und Anfragen, vom <t:{first}:D> bis <t:{last}:D>}}, mit Prompts, Bildern und Ton{open, plural, =0 {} one {; # davon wartet oder läuft gerade und wird abgebrochen} other {; # davon warten oder laufen gerade und werden abgebrochen}}',
  'forget.kind_settings': 'deine `/einstellungen`',
  'forget.kind_reports': '{count, plural, one {# Meldung} other {# Meldungen}} von dir',
  'forget.kind_greeting': 'dass ich dich schon begrüßt habe',
  'forget.kind_agreement':
    'deine Bestätigung, dass du die Bilder und Stimmen verwenden darfst, die du mitbringst',
  'forget.kind_forms':
    '{count, plural, one {# Formular, das du geöffnet hast} other {# Formulare, die du geöffnet hast}}',
  'forget.use':
    'Wie viel GPU-Zeit du verbraucht hast, vergesse ich innerhalb eines Tages von selbst; bis dahin brauchen es die Grenzen.',
  'forget.stays':
    'Nachrichten in Discord bleiben, bis du sie löschst. Auch Sperren, das Protokoll der Moderation, Backups und was andere aus deinen Videos gemacht haben, bleiben; mehr dazu sagen dir die Betreiber des Bots.',
  'forget.sure': 'Löschen? Das lässt sich nicht rückgängig machen.',
  'forget.kept': 'Es wurde nichts gelöscht.',
  'forget.erasing': 'Ich lösche … was gerade entsteht, wird zuerst abgebrochen. Das kann eine Minute dauern.',
  'forget.done':
    'Gelöscht: {generations, plural, one {# Video oder Anfrage} other {# Videos und Anfragen}}, {files, plural, one {# Datei} other {# Dateien}} und alles andere auf der Liste.',
  'forget.still_running':
    'Eins deiner Videos läuft noch und lässt sich nicht anhalten. Es wurde nichts gelöscht. Versuch es bitte in ein paar Minuten noch einmal.',
  'forget.again_soon': 'Ich habe gerade erst nachgesehen. Versuch es bitte in zehn Sekunden noch einmal.',
  'help.heading': '**Aus einem Bild, einer Stimme und einem Prompt wird ein Video.**',
  'help.make':
    '`/{command}` macht es. Schreib einen Prompt; dazu ein Bild von einem Menschen und eine Stimme: als Datei, Sprachnachricht oder Text zum Sprechen.',
  'help.results':
    'Unter jedem Video: 🔁 noch mal, ⬆️ besser, ✏️ bearbeiten, ❌ löschen.{reactions, select, yes { Reagiere mit ✉️, um es als Direktnachricht zu bekommen, mit 🚩, um es zu melden.} other {}}',
  'help.menus': 'Im Menü einer Nachricht, unter Apps: {menus}.',
  'help.moderators':
    'Du gehörst hier zur Moderation: `/{command}` hat Liste, Pausen, Grenzen, Sperren, Filter, Meldungen und Protokoll.',
  'help.owners': 'Du betreibst diesen Bot: `/{command}` gilt für alle Server.',
  'help.picture':
    'Ein Bild und eine Tonspur werden zu einem Video, in dem jemand spricht; darunter Buttons: noch mal, besser, bearbeiten, löschen.',
};
