import type { en } from './en.ts';

/** Everything a person reads, in German. The same keys and placeholders as the English catalogue; a test holds that. */
export const de: Readonly<Record<keyof typeof en, string>> = {
  'command.humo.name': 'humo',
  'command.humo.description': 'Ein Video von einem Menschen machen, der mit deinem Ton spricht',
  'command.humo.prompt.name': 'prompt',
  'command.humo.prompt.description': 'Beschreib die Szene: den Menschen, den Ort, was geschieht',
  'command.humo.image.name': 'bild',
  'command.humo.image.description': 'Ein Mensch oder Ding für das Video: PNG, JPEG, WebP, GIF oder AVIF',
  'command.humo.image2.name': 'bild2',
  'command.humo.image2.description': 'Ein zweiter Mensch oder Gegenstand',
  'command.humo.image3.name': 'bild3',
  'command.humo.image3.description': 'Ein dritter Mensch oder Gegenstand',
  'command.humo.image4.name': 'bild4',
  'command.humo.image4.description': 'Ein vierter Mensch oder Gegenstand',
  'command.humo.audio.name': 'ton',
  'command.humo.audio.description':
    'Was gesagt wird: eine Tondatei, eine Sprachnachricht oder ein Video mit Ton',
  'command.humo.say.name': 'sag',
  'command.humo.say.description': 'Worte, die eine Stimme spricht, statt eines Tons',
  'command.humo.voice.name': 'stimme',
  'command.humo.voice.description': 'Wer die Worte spricht; ohne Angabe eine Stimme ihrer Sprache',
  'command.humo.audio_start.name': 'tonbeginn',
  'command.humo.audio_start.description': 'Ab welcher Sekunde der Ton verwendet wird',
  'command.humo.audio_end.name': 'audio_ende',
  'command.humo.audio_end.description': 'Wo im Ton Schluss ist, in Sekunden; sonst an seinem Ende',
  'command.humo.clean.name': 'reinigen',
  'command.humo.clean.description':
    'Nur die Stimme hören: Musik und Geräusche hört HuMo nicht, im Video bleiben sie',
  'clean.auto': 'wo Musik zu hören ist',
  'clean.on': 'immer',
  'clean.off': 'nie',
  'command.humo.seconds.name': 'sekunden',
  'command.humo.seconds.description': 'Wie lang das Video wird, in Sekunden; mit Ton so lang wie er',
  'command.humo.preset.name': 'qualität',
  'command.humo.preset.description': 'Wie gut es wird, und wie lange es dauert',
  'command.humo.shape.name': 'format',
  'command.humo.shape.description': 'Quer, hoch oder quadratisch',
  'command.humo.seed.name': 'seed',
  'command.humo.seed.description': 'Dieselbe Zahl mit denselben Angaben ergibt dasselbe Video',
  'command.humo.private.name': 'privat',
  'command.humo.private.description': 'Nur du siehst Antwort und Video',
  'voice.woman': 'Frau',
  'voice.man': 'Mann',
  'say.heard': 'So spricht es {voice} ({seconds} s). Damit wird das Video gemacht.',
  'preset.draft': 'Entwurf',
  'preset.draft.description': 'Ein schneller Blick, etwa eine Minute GPU-Zeit',
  'preset.fast': 'Schnell',
  'preset.fast.description':
    'HuMo 17B in 4 Schritten; was das an Lippen und Ähnlichkeit kostet, ist nicht gemessen',
  'preset.standard': 'Standard',
  'preset.standard.description': 'HuMo 17B; halbe Arbeit, Lippen an einem kleinen Modell ebenso gut',
  'preset.final': 'Final',
  'preset.final.description': 'HuMo 17B mit 720 Zeilen und ohne Abkürzung; dauert fünf- bis zehnmal so lang',
  'shape.landscape': 'Querformat',
  'shape.portrait': 'Hochformat',
  'shape.square': 'Quadrat',

  'status.queued':
    '**In der Warteschlange: Platz {position} von {waiting}.** Beginnt <t:{start}:R>, fertig <t:{end}:R>.',
  'status.queued_no_worker':
    '**In der Warteschlange: Platz {position} von {waiting}.** Gerade arbeitet keine Maschine; dein Video beginnt, sobald wieder eine da ist.',
  'status.queued_waking':
    '**In der Warteschlange: Nummer {position} von {waiting}.** Für dich wird gerade eine GPU geweckt; sie sollte <t:{ready}:R> bereit sein.',
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
  'status.delivered_private': 'Dein Video steht hier unten.',
  'status.delivered_direct': 'Dein Video habe ich dir als Direktnachricht geschickt: {link}',
  'status.ended': 'Daraus wurde kein Video. Warum: {link}',
  'status.ended_private': 'Daraus wurde kein Video; der Grund steht hier unten.',
  'status.undeliverable':
    'Ich komme nicht weiter: Ich konnte das Ergebnis weder hier noch als Direktnachricht senden. Gibt es ein Video, zeigt es `/verlauf`.',
  'status.audio':
    'Ton: {start}–{end} von {total} · {frames, plural, one {# Bild} other {# Bilder}} ({seconds, number, ::.00} s)',
  'status.no_audio': '{frames, plural, one {# Bild} other {# Bilder}} ({seconds, number, ::.00} s), ohne Ton',
  'status.take_windows':
    'Eine durchgehende Aufnahme in {windows, plural, one {# Fenster} other {# Fenstern}}.',
  'status.take_shots':
    '{shots, plural, one {# Einstellung} other {# Einstellungen}}, geschnitten in den Pausen des Tons.',
  'status.settings':
    '{preset} · {width}×{height} · {steps, plural, one {# Schritt} other {# Schritte}} · Seed {seed}',
  'status.cost_guess':
    'Braucht etwa {duration} GPU-Zeit. Das und die Zeiten oben sind geschätzt: So eins habe ich hier noch nicht gemessen.',
  'status.cost': 'Braucht etwa {duration} GPU-Zeit.',
  'status.last_words':
    'Discord beendet dieses Gespräch jetzt, deshalb kann ich diese Nachricht nicht mehr aktualisieren. Ich bin weiter dran: `/aufträge` sagt, wie weit es ist, und das Video kommt als Direktnachricht.',
  'status.moved': 'Hier geht es weiter: {link}',
  'status.identifier': '-# {id}',
  'status.private_route':
    'Nur du siehst das. Dauert es länger als 15 Minuten, schicke ich das Video als Direktnachricht: Discord beendet dieses Gespräch dann.',
  'status.direct_route':
    'Ich bin auf diesem Server kein Mitglied; diese Nachricht ändert sich darum nach 15 Minuten nicht mehr. Ist das Video bis dahin nicht fertig, kommt es als Direktnachricht.',
  'status.group_route':
    'Ich bin in dieser Gruppe kein Mitglied; diese Nachricht ändert sich darum nach 15 Minuten nicht mehr. Ist das Video bis dahin nicht fertig, kommt es als Direktnachricht.',

  'advice.heading': 'Für das nächste Mal:',
  'advice.said_later':
    'Deine Worte werden gesprochen, kurz bevor das Video gemacht wird; bis dahin ist seine Länge geschätzt.',
  'advice.image_tiny':
    'Bild {number} ist klein ({width}×{height}); ab {minimum} Pixeln auf der kürzeren Seite werden Gesichter deutlicher',
  'advice.audio_silent':
    'dieser Teil des Tons ist still, die Lippen bewegen sich darum kaum; nimm einen anderen `tonbeginn`',
  'advice.length_limited':
    'Videos sind hier höchstens {seconds, plural, one {# Sekunde} other {# Sekunden}} lang, der Rest des Tons bleibt weg; wähle mit `tonbeginn` einen anderen Teil',
  'advice.frames_beyond_training':
    'mehr als {frames} Bilder gehen auch, sehen aber etwas weniger scharf aus; kürzerer Ton gibt die beste Qualität',
  'advice.mini_weights':
    '**Dieser Server zeigt ein kleines Vorführmodell: Zeichentrickgesichter, zehn Szenen. Nicht HuMos Qualität.**',
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
  'result.details': '{preset} · {width}×{height} · Seed `{seed}` · nach {duration} ({gpu} davon auf der GPU)',
  'result.weights_mini': 'Kleines Vorführmodell: Zeichentrickgesichter, zehn Szenen. Nicht HuMos Qualität.',
  'result.weights_random':
    '**`weights: random`** – dieser Server hat keine Modelldateien; das zeigt, dass alles läuft, nicht was HuMo kann.',
  'result.downscaled': 'Kleiner als {width}×{height}, damit es unter Discords Grenze für Dateien passt.',
  'result.identifier': '-# {id}',

  'ending.failed': '<@{userId}>, daraus wurde kein Video.',
  'ending.cancelled': '<@{userId}>, abgebrochen.',
  'ending.reference': '-# Referenz: {id}',

  'cancel.asked': 'Wird abgebrochen …',
  'cancel.finished': 'Es ist schon fertig; es gibt nichts mehr abzubrechen.',
  'cancel.delete_there': 'Es ist schon fertig. Zum Löschen reagiere mit ❌ auf die Nachricht mit dem Video.',
  'cancel.not_yours':
    'Abbrechen kann es nur, wer das Video angefordert hat, oder wer hier Nachrichten verwalten darf.',

  'notice.direct_messages':
    'Hallo! Dauert eines deiner Videos länger als 15 Minuten, oder kann ich dort nicht schreiben, wo du es angefordert hast, kommt es hierher.',
  'notice.restarted':
    'Ich wurde neu gestartet, während ich deine Dateien las; es steht darum nichts in der Warteschlange. Bitte gib den Befehl noch einmal ein.',

  'reaction.refused': '<@{userId}>, {reason}',
  'reaction.refused_personally': 'du kannst hier keine Videos machen. Mit `/humo` erfährst du, warum.',

  'refused.prompt_alone':
    'Ich brauche etwas zum Ansehen oder Anhören: Gib ein `bild`, einen `ton` oder beides dazu.\nBeispiel: `/humo prompt:Eine Frau erzählt im Café einen Witz bild:gesicht.png ton:witz.mp3`',
  'refused.broken_text':
    'In diesem Text steckt ein halbes Zeichen, wie bei einem kaputt kopierten Emoji. Tipp ihn noch einmal oder lass das Zeichen weg.',
  'refused.prompt_empty': 'Der `prompt` ist leer. Beschreib die Szene in einem Satz.',
  'refused.preset_gone':
    'Diese Qualität gibt es nicht mehr. Öffne das Formular oder den Befehl neu und wähle eine andere.',
  'refused.say_and_audio':
    'Du hast Worte und einen Ton angegeben. Behalte eines davon und lass das andere weg.',
  'refused.voice_without_say':
    'Es gibt eine `stimme`, aber nichts, was sie sagen soll. Füge `sag` hinzu oder lass `stimme` weg.',
  'refused.blocked_picture':
    'Jemand sagt, auf Bild {number} zu sehen zu sein, und möchte nicht, dass es auf diesem Server verwendet wird. Es wurde nichts gemacht. Wenn das ein Irrtum ist, frag bitte hier einen Moderator: Er kann es aufheben.',
  'refused.blocked_sound':
    'Jemand sagt, das sei seine Stimme, und möchte nicht, dass sie auf diesem Server verwendet wird. Es wurde nichts gemacht. Wenn das ein Irrtum ist, frag bitte hier einen Moderator: Er kann es aufheben.',
  'refused.not_agreed':
    'Wer ein Bild oder eine Stimme verwendet, muss bestätigen, dass er es darf: Schick `"agreed": true` mit, wenn die gezeigte oder gehörte Person einverstanden ist und du die Dateien verwenden darfst.',
  'refused.audio_start_without_audio':
    'Es gibt einen `tonbeginn`, aber keinen `ton`. Gib den Ton dazu, oder lass `tonbeginn` weg.',
  'refused.permissions':
    'In {channel} kann ich noch nicht arbeiten: Ich brauche {permissions}. Bitte jemanden, der den Server verwaltet, es zu erlauben, oder nimm einen anderen Kanal. Es steht nichts in der Warteschlange.',
  'refused.direct_messages_closed':
    'Ich könnte dir das Video nicht schicken: Ich bin hier kein Mitglied, und deine Direktnachrichten sind für mich geschlossen. Öffne sie (Benutzereinstellungen → Inhalte & Soziales → Direktnachrichten), oder fordere das Video auf einem Server an, auf dem ich bin. Es steht nichts in der Warteschlange.',
  'refused.direct_messages_closed_private':
    'Ein privates Video, das länger als 15 Minuten dauert, muss als Direktnachricht kommen, und deine sind für mich geschlossen. Öffne sie (Benutzereinstellungen → Inhalte & Soziales → Direktnachrichten) oder mach es öffentlich: `privat:False`, oder für alle in `/einstellungen`. Es wurde nichts eingereiht.',
  'refused.too_many_waiting':
    'Von dir {count, plural, one {wartet schon # Video} other {warten schon # Videos}}, mehr geht hier nicht auf einmal. {known, select, yes {Das erste ist <t:{clears}:R> fertig; warte darauf, oder brich eines ab.} other {Warte, bis eines fertig ist, oder brich eines ab.}}',
  'refused.file': '**Zu `{option}`:** {reason}',
  'refused.not_understood':
    'Diesen Befehl kenne ich nicht (mehr). Hat er sich gerade geändert, lade Discord mit Strg+R neu.',
  'refused.stopping':
    'Ich werde gerade neu gestartet. Bitte gib den Befehl in einer Minute noch einmal ein; es steht nichts in der Warteschlange.',

  'api.unauthorised':
    'Das braucht ein gültiges Token: Schick es als `Authorization: Bearer …`. Wer mich betreibt, macht eines mit `{command}`.',
  'api.forbidden': 'Dein Token darf das nicht: Ihm fehlt der Scope `{scope}`.',
  'api.bad_person':
    '`Humo-Person` nennt eine der Personen deines Tokens: 16 bis 64 Buchstaben, Ziffern, `-` und `_`.',
  'api.not_found':
    'Dieses Video gibt es nicht, oder es ist nicht deins. Einträge bleiben {days, plural, one {# Tag} other {# Tage}}.',
  'api.no_such_address': 'Unter dieser Adresse ist nichts. Was es gibt, steht in `/v1/openapi.json`.',
  'api.method_not_allowed': 'Diese Adresse kennt diese Methode nicht. Sie kennt: {allow}.',
  'api.invalid_request': 'Etwas an der Anfrage passt nicht; in `issues` steht, was.',
  'api.invalid_part':
    'Den Teil `{part}` des Formulars verstehe ich nicht. Es nimmt ein `request` (JSON), bis zu vier Dateien `image` und eine Datei `audio`, jede mit einem Dateinamen.',
  'api.nameless_part':
    'Ein Teil des Formulars hat keinen Namen. Jeder braucht vor seinem Inhalt eine Zeile `Content-Disposition: form-data; name="…"`.',
  'api.encoded_body': 'Ich nehme einen Inhalt, wie er ist. Schick ihn ohne `Content-Encoding`.',
  'api.expectation_failed': 'Als `Expect` kenne ich nur `100-continue`. Lass es weg.',
  'api.one_file':
    'Den Teil `{part}` des Formulars verstehe ich nicht. Es nimmt eine Datei `{name}`, mit einem Dateinamen.',
  'api.missing_part': 'Im Formular fehlt die Datei `{name}`.',
  'api.malformed_request':
    'Das ist kein HTTP, wie ich es kenne. In `/v1/openapi.json` steht, was ich annehme.',
  'api.malformed_form':
    'Das Formular bricht ab oder ist kein `multipart/form-data`. Bitte noch einmal ganz senden.',
  'api.body_too_large': 'Das ist mehr, als ich auf einmal nehme. Mach die Dateien kleiner.',
  'api.malformed_json': 'Das ist kein JSON in UTF-8. Bring es in Ordnung und schick es noch einmal.',
  'api.broken_text':
    'Ein Text enthält ein halbes Zeichen: ein Surrogat ohne sein Gegenstück. Schick vollständiges Unicode.',
  'api.still_open': 'Das Video wartet oder läuft noch. Brich es zuerst ab, dann lösch es.',
  'api.stands_in_discord': 'Dieses Video steht in Discord. Lösch es dort, dann ist es auch hier weg.',
  'api.again.deleted': 'Dieses Video wurde gelöscht. Bestell ein neues mit seinen Dateien.',
  'api.again.expired':
    'Der Server, auf dem es bestellt wurde, behält Dateien {days, plural, one {# Tag} other {# Tage}}, und dieses Video ist älter. Bestell ein neues mit seinen Dateien.',
  'api.again.sound_gone':
    'Den Rest dieses Tons habe ich nicht mehr. Bestell ein neues Video damit, oder lass den Ausschnitt, wie er war.',
  'api.too_slow':
    'Das kam zu langsam, deshalb habe ich aufgehört zuzuhören. Schick es über eine schnellere Verbindung noch einmal.',
  'api.too_many_uploads':
    'Du schickst schon so viel gleichzeitig, wie Platz ist. Warte auf eins davon oder ein paar Sekunden.',
  'api.precondition_failed': 'Es ist nicht die Fassung, die deine Bedingung (`If-Match`) nennt.',
  'api.headers_too_large': 'Der Kopf der Anfrage ist zu lang. Schick weniger oder kürzere Header.',
  'api.key_in_use':
    'Eine Anfrage mit diesem `Idempotency-Key` läuft gerade. Frag in ein paar Sekunden noch einmal.',
  'api.key_of_another':
    'Dieser `Idempotency-Key` gehört zu einer anderen Anfrage. Nimm für eine neue Anfrage einen neuen.',
  'api.key_of_deleted':
    'Was aus diesem `Idempotency-Key` wurde, ist gelöscht. Nimm einen neuen, wenn du noch eins willst.',
  'api.invalid_key':
    'Dieser `Idempotency-Key` ist keiner: 1 bis 255 druckbare ASCII-Zeichen, mit Anführungszeichen oder ohne.',
  'api.webhook_refused':
    '`webhook` muss eine https-Adresse sein, die von überall erreichbar ist, ohne Namen oder Passwort darin. Eigene Hosts stehen in `API_WEBHOOK_OWN_HOSTS`.',
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
  'api.refused.voice_without_say':
    'Es gibt `voice` oder `language`, aber kein `say`. Füge `say` hinzu oder lass sie weg.',
  'api.refused.audio_start_without_audio':
    'Es gibt ein `audioStart`, aber kein `audio`. Gib den Ton dazu, oder lass `audioStart` weg.',
  'api.refused.stopping':
    'Ich werde gerade neu gestartet. Versuch es in einer Minute noch einmal; es steht nichts in der Warteschlange.',

  'permission.ViewChannel': '**Kanal ansehen**',
  'permission.SendMessages': '**Nachrichten senden**',
  'permission.SendMessagesInThreads': '**Nachrichten in Threads senden**',
  'permission.AttachFiles': '**Dateien anhängen**',
  'permission.ReadMessageHistory': '**Nachrichtenverlauf anzeigen**',

  'refused.channel_gone': 'Ich sehe diesen Kanal nicht mehr. Bitte nimm einen anderen.',
  'button.stop': 'Abbrechen',
  'button.again': 'Noch mal',
  'button.better': 'Besser',
  'button.edit': 'Ändern',
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
  'button.agree': 'Einverstanden, weiter',
  'button.disagree': 'Nein',
  'menu.animate': 'Mit HuMo beleben',
  'menu.details': 'HuMo-Einzelheiten',
  'menu.made_here': 'Wurde das hier gemacht?',
  'made_here.nothing': 'An dieser Nachricht hängt kein Video.',
  'made_here.ours': '✅ **Mit KI gemacht, von diesem Bot**, <t:{when}:f>, mit {model} ({preset}).\n-# {id}',
  'made_here.ours_forgotten':
    '✅ **Mit KI gemacht, von diesem Bot**; es ist zu lange her, als dass ich mehr wüsste.',
  'made_here.elsewhere': '🤖 **Mit KI gemacht**, mit demselben Programm, aber von jemand anderem betrieben.',
  'made_here.unmarked':
    'Ich finde weder Signatur noch Wasserzeichen. Das beweist nichts: Beides kann beim Bearbeiten verloren gehen, und andere Werkzeuge hinterlassen keins.',
  'made_here.signature_says_nothing':
    'Woher es kommt, kann ich nicht sagen: Die Signatur passt nicht zur Datei.',
  'made_here.elsewhere_ai': '🤖 **Mit KI gemacht**, anderswo: Die Signatur nennt {generator}.',
  'made_here.elsewhere_signed': 'Anderswo gemacht: Die Signatur nennt {generator}.',
  'made_here.watermark_only':
    '-# Nur am Wasserzeichen erkannt: eine Kopie, die bearbeitet oder neu kodiert wurde.',
  'made_here.signed_own': '-# Von diesem Bot signiert und seitdem unverändert.',
  'made_here.signed_trusted':
    '-# Signiert von {name}, wofür eine vertrauenswürdige Stelle bürgt, und seitdem unverändert.',
  'made_here.signed_untrusted':
    '-# Signiert von „{name}“ und seitdem unverändert. Für diesen Namen bürgt niemand.',
  'made_here.changed': '⚠️ Trägt eine Signatur von „{name}“, wurde aber danach verändert.',
  'made_here.damaged':
    '⚠️ Es trägt eine Signatur, die nicht mehr lesbar ist: Sie wurde beschädigt oder verändert.',
  'made_here.expired':
    '-# Das Zertifikat ist abgelaufen, und kein Zeitstempel zeigt, dass vorher signiert wurde.',
  'made_here.unreadable': 'Ich kann diese Datei nicht als Video lesen.',
  'made_here.asked_by': 'Für die Moderation: <@{user}> hat es angefragt.',
  'command.jobs.name': 'aufträge',
  'command.jobs.description': 'Deine Videos, die warten oder gerade entstehen',
  'command.history.name': 'verlauf',
  'command.history.description': 'Deine fertigen Videos, mit Links',
  'command.settings.name': 'einstellungen',
  'command.settings.description': 'Deine Vorgaben: Qualität, Format, Privates, Nachrichten',
  'again.gone':
    'Dieses Video kenne ich nicht mehr: Was man braucht, um eins noch mal zu machen, hebe ich {days, plural, one {# Tag} other {# Tage}} auf. Bitte nimm `/humo` mit den Dateien.',
  'again.private_by_button':
    'Deine Videos sind nur für dich, und auf eine Reaktion antworte ich vor allen. Drück bitte den Knopf unter dem Video; mit `/einstellungen` änderst du das.',
  'again.reported':
    'Dieses Video wurde gemeldet. Sobald die Moderation es wieder zeigt, kannst du es wieder verwenden.',
  'again.deleted': 'Dieses Video wurde gelöscht. `/humo` macht ein neues.',
  'again.not_yours':
    'Auf diesem Server kann ein Video nur noch mal machen, wer es angefordert hat. Mit `/humo` machst du ein eigenes.',
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
  'form.prompt': 'Beschreib die Szene',
  'form.look': 'Qualität und Format',
  'form.start': 'Anfang des Tons',
  'form.start_description': 'In Sekunden, oder als 1:02.5',
  'form.say': 'Worte zum Sprechen',
  'form.say_description': 'Leer: wie bisher, oder ohne Ton',
  'form.seed': 'Seed',
  'form.seed_description': 'Leer: ein neuer',
  'form.files': 'Neue Dateien',
  'form.files_description': 'Bilder ersetzen die Bilder, ein Ton ersetzt den Ton. Leer: Alles bleibt.',
  'refused.audio_start_invalid':
    'Den Anfang des Tons verstehe ich nicht. Gib ihn in Sekunden an, etwa `12.5`, oder als `1:02.5`; höchstens {most} Sekunden.',
  'refused.seed_invalid':
    'Der Seed muss eine ganze Zahl von 0 bis {most} sein. Lass ihn leer für einen neuen.',
  'refused.file_kind':
    'Ich erkenne nicht, was `{name}` ist. Nimm Bilder (PNG, JPEG, WebP) und Ton (MP3, WAV, OGG) oder ein Video mit Ton.',
  'refused.images_too_many': 'Das sind mehr als {most} Bilder. Nimm die {most} wichtigsten.',
  'refused.sounds_too_many': 'Das ist mehr als ein Ton. Nimm einen.',
  'animate.nothing':
    'In dieser Nachricht ist weder Bild noch Ton. Nimm eine, in der etwas ist, oder `/humo`.',
  'animate.first_taken':
    'Ich nehme die ersten {most} Bilder und den ersten Ton der Nachricht. Dateien hier ersetzen sie.',
  'animate.too_late': 'Dieses Formular war zu lange offen. Bitte öffne es im Menü der Nachricht noch einmal.',
  'lineage.linked': 'Entstanden aus {link}: {what}.',
  'lineage.unlinked': 'Entstanden aus einem früheren Video: {what}.',
  'lineage.nothing': 'nichts geändert',
  'change.seed': 'Seed {from} → {to}',
  'change.preset': '{from} → {to}',
  'change.shape': '{from} → {to}',
  'change.prompt': 'anderer Text',
  'change.audio_start': 'Ton ab {to} statt {from}',
  'change.images': 'andere Bilder',
  'change.speech': 'andere Worte',
  'change.audio': 'anderer Ton',
  'result.reactions': '-# Mit ✉️ bekommst du es als Direktnachricht, mit 🚩 meldest du es.',
  'delete.gone': 'Es ist schon weg.',
  'delete.not_yours':
    'Löschen kann es nur, wer dieses Video angefordert hat, oder wer hier Nachrichten verwalten darf.',
  'delete.done': 'Gelöscht, mitsamt dem Video.',
  'delete.by_moderator':
    'Die Moderation hat dein Video gelöscht ({id}). Wenn du nicht weißt, warum, frag bitte dort nach.',
  'send.here': 'Hier ist das Video von {link}.',
  'send.closed':
    'Ich konnte dir das Video nicht schicken: Deine Direktnachrichten sind für mich zu. Öffne sie (Benutzereinstellungen → Inhalte & Soziales → Direktnachrichten) und reagiere noch einmal.',
  'report.hidden': '**Gemeldet.** Verdeckt, bis die Moderation es angesehen hat.',
  'report.thanks': 'Danke. Das Video ist jetzt verdeckt, bis die Moderation es angesehen hat.',
  'report.moderators_only': 'Nur wer hier Nachrichten verwalten darf, kann es wieder zeigen.',
  'report.shown': 'Es ist wieder zu sehen.',
  'report.of_yours':
    'Jemand hat dein Video gemeldet ({id}). Es ist verdeckt, bis jemand aus der Moderation es angesehen hat.',
  'report.yours_shown': 'Die Moderation hat dein gemeldetes Video ({id}) angesehen: Es ist wieder zu sehen.',
  'report.too_many':
    'Du hast innerhalb einer Stunde mehrere Videos gemeldet. Bitte warte etwas oder sag der Moderation Bescheid.',
  'report.banned':
    'Solange du hier gesperrt bist, nehme ich keine Meldungen von dir an. Bitte sag der Moderation Bescheid.',
  'report.looked_at':
    'Die Moderation hat dieses Video schon angesehen und zeigt es. Wenn du das anders siehst, sprich bitte mit ihr.',
  'report.look': 'Das gemeldete Video von <@{userId}> (`{id}`), nur für dich.',
  'me.thanks': 'Ich habe das Video verborgen, und die Moderatoren wissen Bescheid.',
  'me.blocked':
    'Seine Bilder und sein Ton werden auf diesem Server nicht mehr angenommen, wenn die Moderatoren nicht anders entscheiden.',
  'me.not_blocked':
    'Seine Bilder und sein Ton sind nicht mehr da, ich kann sie also nicht wiedererkennen: Sag den Moderatoren Bescheid, wenn sie wieder auftauchen.',
  'me.lifted':
    'Die Moderation hat entschieden, dass seine Bilder und sein Ton hier verwendet werden dürfen. Wenn du das anders siehst, sprich bitte mit ihr.',
  'me.of_yours':
    'Jemand sagt, auf deinem Video ({id}) zu sehen zu sein. Es ist verborgen, bis ein Moderator nachgesehen hat. Du kannst es jetzt löschen, samt Dateien und allem, was daraus noch einmal gemacht wurde.',
  'me.purged': 'Gelöscht: {count, plural, one {# Video} other {# Videos}} samt Dateien.',
  'me.unblocked': 'Es wird auf diesem Server wieder angenommen.',
  'consent.text':
    '**Eine Frage, bevor ich dieses Bild oder diese Stimme verwende.** Bist du es selbst, oder weiß die Person davon und ist einverstanden? Und darfst du die Datei verwenden? Wer sich ungewollt in einem Video findet, kann es verbergen lassen.',
  'consent.once':
    '-# Ich merke mir, dass du zugestimmt hast, wann und welchen Worten. Ich frage erst wieder, wenn sich diese Worte ändern.',
  'consent.each_time': '-# Dieser Server möchte, dass ich jedes Mal frage.',
  'consent.mention': '<@{userId}>',
  'consent.thanks': 'Danke. Deine Anfrage geht von selbst weiter.',
  'consent.declined': 'In Ordnung: Es wurde nichts gemacht, und die Dateien werden nicht behalten.',
  'consent.gone':
    'Diese Frage ist nicht für dich, schon beantwortet oder älter als eine Stunde. Bitte frag das Video noch einmal an.',
  'details.not_ours': 'Diese Nachricht hat mit keinem meiner Videos zu tun, oder ich kenne es nicht mehr.',
  'details.heading': '**{id}**',
  'details.negative': 'Negativer Prompt: {prompt}',
  'details.settings':
    '{preset}: {model} · {width}×{height} · {frames, plural, one {# Bild} other {# Bilder}} · {steps, plural, one {# Schritt} other {# Schritte}} · Shift {shift}',
  'details.seed': 'Seed `{seed}` · Führung: {scales}',
  'details.shortcuts': 'Abkürzungen: {list}',
  'shortcut.sampler': 'Sampler {sampler}',
  'shortcut.guidance_audio': 'nur vom Ton geführt',
  'shortcut.guidance_none': 'ohne Führung',
  'shortcut.audio_strength': 'Stärke des Tons {strength}',
  'shortcut.lora': 'LoRA `{file}` ({strength})',
  'shortcut.gating': '{passes, plural, one {# Durchlauf} other {# Durchläufe}} durch Gating gespart',
  'shortcut.caching': '{steps, plural, one {# Schritt} other {# Schritte}} durch Caching übersprungen',
  'details.inputs': '{mode} · {images, plural, =0 {kein Bild} one {# Bild} other {# Bilder}}',
  'details.sound': 'Ton: {start}–{end} von {total}',
  'voice.alone': 'HuMo hat nur die Stimme gehört, ohne die Musik.',
  'voice.not_isolated':
    'Die Stimme ließ sich nicht herauslösen: Diesem Server fehlt das Modell dafür, HuMo hat den ganzen Ton gehört.',
  'details.gpu': '{duration} auf der GPU',
  'details.unmarked': 'Kennzeichnung: {list}',
  'marking.no_label': 'kein Schriftzug',
  'marking.no_watermark': 'kein Wasserzeichen',
  'marking.no_signature': 'keine Signatur',
  'marking.smaller_copy': 'keine Signatur, da dies eine kleinere Kopie für Discords Grenze ist',
  'details.file': '-# In der Datei steht alles, mit dem ganzen Text.',
  'jobs.heading': '**Deine Videos unterwegs**',
  'jobs.none': 'Von dir wartet und läuft nichts. `/humo` macht ein Video.',
  'jobs.more': '-# Nur die {count}, die zuerst drankommen, sind zu sehen.',
  'jobs.guess': 'Die Zeiten sind geschätzt.',
  'history.heading': '**Deine Videos**, Seite {page}',
  'history.none':
    'Du hast {days, plural, one {am letzten Tag} other {in den letzten # Tagen}} kein Video gemacht. `/humo` macht eins.',
  'history.done': '<t:{time}:d> {prompt} {link}',
  'history.unlinked': '<t:{time}:d> {prompt}',
  'history.private': '<t:{time}:d> {prompt} – privat: **{number} zeigen**',
  'history.undelivered': '<t:{time}:d> {prompt} – fertig, aber Discord nahm es nicht an: **{number} zeigen**',
  'history.failed': '<t:{time}:d> {prompt} – wurde kein Video',
  'history.cancelled': '<t:{time}:d> {prompt} – abgebrochen',
  'history.deleted': '<t:{time}:d> {prompt} – gelöscht',
  'settings.title': 'Deine Vorgaben',
  'settings.preset': 'Qualität',
  'settings.shape': 'Format',
  'settings.negative': 'Negativer Prompt',
  'settings.negative_description': 'Leer: was dieser Server nimmt.',
  'settings.private': 'Privat',
  'settings.private_description': 'Nur du siehst die Antworten und die Videos.',
  'settings.notify': 'Bescheid geben, wenn es fertig ist',
  'settings.notify_description': 'Eine Direktnachricht mit einem Link.',
  'settings.as_here': 'Wie auf diesem Server',
  'settings.saved': '**Gespeichert.** Ab jetzt, wenn du nichts anderes sagst:',
  'settings.yes': 'ja',
  'settings.no': 'nein',
  'notice.done': 'Dein Video ist fertig: {link}',
  'notice.done_private':
    'Dein privates Video ist fertig, in {channel}. Siehst du es dort nicht mehr, zeigt `/verlauf` es wieder.',

  'refused.banned':
    'Du kannst hier{until, select, never {} other { bis <t:{clears}:f>}} keine Videos machen.{given, select, yes { Grund: {reason}} other {}}',
  'refused.banned_everywhere':
    'Die Betreiber dieses Bots haben dich{until, select, never {} other { bis <t:{clears}:f>}} überall vom Videomachen ausgeschlossen.{given, select, yes { Grund: {reason}} other {}}',
  'refused.draining':
    'Ich nehme gerade nichts Neues an; was schon wartet, wird noch gemacht. Bitte versuch es später wieder.',
  'refused.draining_because': 'Ich nehme gerade nichts Neues an: {message}',
  'refused.filtered':
    'Etwas in deinem Text ist {where, select, server {auf diesem Server } other {}}nicht erlaubt. Bitte sag es anders; es steht nichts in der Warteschlange.',
  'refused.cooldown':
    '{where, select, everywhere {Auf allen Servern zusammen} other {Hier}} geht ein Video je {unit, select, hour {{count, plural, one {Stunde} other {# Stunden}}} minute {{count, plural, one {Minute} other {# Minuten}}} other {{count, plural, one {Sekunde} other {# Sekunden}}}}. Dein nächstes geht <t:{clears}:R>.',
  'refused.queue_full':
    'Die Warteschlange dieses Servers ist voll: {count, plural, one {# Video wartet} other {# Videos warten}}. {known, select, yes {Das nächste beginnt <t:{clears}:R>; bitte versuch es dann wieder.} other {Bitte versuch es, wenn ein paar fertig sind.}}',
  'refused.gpu_seconds':
    'Das wäre für heute zu viel: Deine Videos haben in den letzten 24 Stunden {used, number} von {limit, number} Minuten gebraucht, und dieses braucht etwa {needed, number}. Platz dafür ist <t:{clears}:R>. Eine niedrigere Qualität braucht weniger.',
  'refused.gpu_never':
    'Dieses Video braucht etwa {needed, number} Minuten, und mehr als {limit, number} am Tag gibt es {where, select, everywhere {auf allen Servern zusammen} other {hier}} für eine Person nicht. Nimm eine niedrigere Qualität.',
  'refused.no_shared_server':
    'Ich kann dir nicht schreiben: Wir sind auf keinem Server zusammen, und ich bin keine deiner Apps. Füge mich zu deinen Apps hinzu oder wünsch dir das Video auf einem Server, auf dem ich bin. Es wurde nichts eingereiht.',
  'refused.direct_messages_closed_group':
    'In einer Gruppe muss ein Video, das länger als 15 Minuten dauert, als Direktnachricht kommen, und deine sind für mich geschlossen. Öffne sie (Benutzereinstellungen → Inhalte & Soziales → Direktnachrichten) oder schreib mir direkt. Es wurde nichts eingereiht.',
  'refused.budget':
    'Die Minuten für alle sind für heute aufgebraucht. {known, select, yes {Mehr gibt es <t:{clears}:R>.} other {Bitte versuch es später wieder oder nimm eine niedrigere Qualität.}}',
  'refused.waiting_everywhere':
    'Von dir {count, plural, one {wartet schon # Video} other {warten schon # Videos}} auf allen Servern zusammen, mehr geht für eine Person nicht. Warte, bis eines fertig ist, oder brich eines ab: `/aufträge`.',
  'refused.gpu_everywhere':
    'Das wäre für heute zu viel: Deine Videos haben in den letzten 24 Stunden auf allen Servern zusammen {used, number} von {limit, number} Minuten gebraucht, und dieses braucht etwa {needed, number}. Platz dafür ist <t:{clears}:R>. Eine niedrigere Qualität braucht weniger.',
  'refused.server_unlisted':
    'Die Betreiber dieses Bots lassen ihn nur auf manchen Servern arbeiten, und dieser ist keiner davon.',
  'refused.person_unlisted':
    'Die Betreiber dieses Bots lassen nur manche Leute Videos machen, und du stehst nicht auf ihrer Liste. Bitte frag sie.',
  'failure.filter_pattern':
    'Dieses Muster verstehe ich nicht: {reason}. Muster sind reguläre Ausdrücke wie in RE2.',
  'failure.filter_pattern_size':
    'Dieses Muster ist zu groß, um es an jedem Text zu versuchen ({size} von {maximum} Schritten). Mach es kürzer.',
  'failure.filter_word': 'An diesem Wort ist nichts, was man sehen könnte.',
  'failure.filter_too_many': 'Es gibt schon {maximum} Filter, und mehr geht nicht. Entferne zuerst einen.',

  'duration.seconds': '{seconds} s',
  'duration.minutes': '{minutes} min {seconds} s',
  'duration.whole_minutes': '{minutes} min',
  'duration.hours': '{hours} h {minutes} min',
  'duration.whole_hours': '{hours} h',

  'failure.unknown':
    'Bei uns ist etwas schiefgegangen. Kommt es wieder vor, nenne denen, die mich betreiben, diese Referenz: `{reference}`',
  'failure.internal':
    'Bei uns ist etwas schiefgegangen. Kommt es wieder vor, nenne denen, die mich betreiben, diese Referenz: `{reference}`',
  'failure.video_not_packed':
    'Das Video war gemacht, ließ sich aber nicht in eine Datei packen. Kommt es wieder vor, nenne denen, die mich betreiben, diese Referenz: `{reference}`',
  'failure.engine_crashed':
    'Das Programm, das die Videos macht, ist zweimal abgestürzt. Ein neuer Versuch kann helfen; wenn nicht, nenne denen, die mich betreiben, die Referenz unten.',
  'failure.engine_timeout':
    'Das Programm, das die Videos macht, hat zweimal nicht mehr geantwortet. Ein neuer Versuch kann helfen; wenn nicht, nenne denen, die mich betreiben, die Referenz unten.',
  'failure.out_of_memory':
    'Der Grafikkarte ist bei dieser Größe der Speicher ausgegangen. Nimm eine niedrigere Qualität oder weniger Ton.',
  'failure.weights_missing':
    'Auf der Maschine, die das übernommen hat, fehlen die Modelldateien. Wer mich betreibt, muss sie herunterladen: `{command}`.',
  'failure.lora_missing':
    'Auf der Maschine, die das übernommen hat, fehlt das LoRA dieser Qualität. Wer mich betreibt, kann es holen: `{command}`. Andere Qualitäten gehen auch ohne.',
  'failure.content_blocked': 'Das ist hier nicht erlaubt, darum wurde kein Video gemacht.',
  'failure.discord_refused_content':
    'Dein Video war fertig, aber Discord lässt es hier wegen seines Inhalts nicht zu. Es wird dir nicht angerechnet. Mit `/verlauf` kannst du es dir allein zeigen lassen.',
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
  'failure.not_a_video': 'Das ist kein Video, das ich lesen kann. Schick ein MP4, MOV, WebM oder MKV.',
  'failure.file_gone': 'Discord hat diese Datei nicht mehr. Bitte hänge sie noch einmal an.',
  'failure.file_too_large':
    'Sie ist größer als {megabytes} MB. Mach sie kleiner, zum Beispiel durch Kürzen oder Umwandeln.',
  'failure.files_expired':
    'Die Dateien zu diesem Auftrag sind nicht mehr da. Bitte gib den Befehl noch einmal mit den Dateien ein.',
  'failure.engine_protocol':
    'Die Programme auf der Maschine, die das übernommen hat, passen nicht zusammen. Wer mich betreibt, muss sie aktualisieren.',
  'failure.audio_start_beyond_end':
    'Der Ton endet nach {seconds} s, vor deinem `tonbeginn`. Wähle einen früheren Beginn.',
  'failure.audio_end_before_start':
    'Der Ton würde enden, bevor er bei {seconds} s beginnt. Wähle ein späteres Ende.',
  'failure.video_too_long':
    'Videos sind hier höchstens {seconds, plural, one {# Sekunde} other {# Sekunden}} lang. Wünsch dir ein kürzeres.',
  'failure.speech_empty': 'Darin sind keine Worte, die man sprechen könnte. Schreib, was gesagt werden soll.',
  'failure.speech_too_long': 'Das ist zu viel auf einmal: höchstens 1.000 Zeichen.',
  'failure.speech_language':
    'Für die Sprache dieser Worte habe ich keine Stimme. Wähl eine `stimme`, wenn sie trotzdem gesprochen werden sollen.',
  'failure.speech_voice':
    'Diese Stimme habe ich nicht (mehr). Wähl eine aus der Liste, die beim Tippen erscheint.',
  'failure.speech_unavailable':
    'Ich kann gerade keine Worte sprechen. Füg bitte einen Ton hinzu oder versuch es später noch einmal.',
  'failure.audio_too_short': 'Von da an ist der Ton zu kurz: Es braucht mindestens {seconds} s.',
  'failure.audio_too_large': 'Der Ton ist größer als {megabytes} MB. Kürze ihn, oder wandle ihn in MP3 um.',
  'failure.audio_too_long':
    'Der Ton ist länger als {minutes} Minuten. Schneide den Teil heraus, den du brauchst.',
  'failure.file_empty':
    'Diese Datei ist leer: Sie hat kein einziges Byte. Schick sie noch einmal oder nimm eine andere.',
  'failure.audio_nothing_heard':
    'In dieser Datei ist nichts zu hören. Nimm sie neu auf oder schick eine andere.',
  'failure.image_cut_off':
    'Von diesem Bild fehlt das Ende: Die Datei wurde unterwegs abgeschnitten. Schick sie noch einmal.',
  'failure.image_animated_avif':
    'Ein animiertes AVIF ist ein Film, und ich brauche ein Bild. Schick ein Einzelbild davon als PNG oder JPEG.',
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
  'failure.image_too_long':
    'Das Bild ist auf einer Seite länger als {pixels, number} Pixel. Mach es kleiner und versuche es noch einmal.',
  'failure.image_too_many_pixels':
    'Das Bild hat mehr als {megapixels} Megapixel. Mach es kleiner und versuche es noch einmal.',
  'failure.image_unreadable':
    'Ich konnte dieses Bild nicht lesen; vielleicht ist die Datei beschädigt. Speichere es als PNG oder JPEG und versuche es noch einmal.',
  'failure.video_does_not_fit':
    'Das Video war fertig, aber nichts Sehenswertes passt in die {kilobytes} kB, die Discord hier annimmt. Versuche kürzeren Ton.',
  'failure.queue_uncertain':
    'Meine Warteschlange antwortet nicht, darum weiß ich nicht, ob das angekommen ist. Sieh bitte in einer Minute in `/aufträge` nach, bevor du es noch einmal versuchst.',
  'failure.disk_full':
    'Meine Festplatte ist voll, darum konnte ich das nicht annehmen. Nichts davon wurde behalten oder gezählt. Bitte sag es denen, die mich betreiben: Sie müssen in meinem Datenordner Platz schaffen. Frag danach einfach noch einmal.',
  'failure.store_unreachable':
    'Mein Speicher ist gerade nicht erreichbar. Bitte versuche es in ein paar Minuten noch einmal.',
  'failure.queue_full':
    'Meine Warteschlange nimmt gerade nichts Neues an: Ihr Arbeitsspeicher oder ihre Festplatte ist voll. Nichts davon wurde behalten oder gezählt. Bitte sag es denen, die mich betreiben, und versuche es später noch einmal.',
  'failure.queue_unreachable':
    'Meine Warteschlange ist gerade nicht erreichbar, darum konnte ich das nicht annehmen. Bitte versuche es in ein paar Minuten noch einmal.',
  'failure.cancelled_by_user': 'Du hast es abgebrochen.',
  'failure.cancelled_by_moderator': 'Die Moderation hat es abgebrochen.',
  'failure.cancelled_by_claim':
    'Inzwischen hat jemand gesagt, dass Bild oder Stimme ihm oder ihr gehören und auf diesem Server nicht verwendet werden sollen. Darum habe ich aufgehört. Wenn das ein Irrtum ist, frag bitte hier einen Moderator: Er kann es aufheben.',
  'failure.cancelled_bot_removed': 'Der Bot wurde vom Server entfernt, bevor es gemacht wurde.',
  'failure.cancelled': 'Es wurde abgebrochen.',
  'failure.video_too_large_for_channel':
    'Das Video war fertig, aber selbst verkleinert hat Discord es hier nicht angenommen. Kürzerer Ton oder die Qualität „Entwurf“ gibt eine kleinere Datei.',
  'failure.direct_messages_closed':
    'Das Video war fertig, aber ich konnte es weder im Kanal noch als Direktnachricht senden.',
  'failure.discord_refuses': 'Discord lässt das hier wegen seines Inhalts nicht zu.',
  'failure.discord_missing_access':
    'Ich sehe diesen Kanal nicht mehr. Bitte lass jemanden, der diesen Server verwaltet, meine Berechtigungen prüfen.',
  'failure.discord_missing_permissions':
    'Das darf ich hier nicht. Bitte lass jemanden, der diesen Server verwaltet, meine Berechtigungen prüfen.',
  'failure.discord_unavailable':
    'Discord antwortet mir gerade nicht. Bitte versuche es in einer Minute noch einmal.',

  'command.queue.name': 'warteschlange',
  'command.queue.description': 'Für die Moderation: die Warteschlange dieses Servers',
  'command.queue.list.name': 'liste',
  'command.queue.list.description': 'Was wartet und läuft',
  'command.queue.show.name': 'zeigen',
  'command.queue.show.description': 'Alles über ein Video',
  'command.queue.cancel.name': 'abbrechen',
  'command.queue.cancel.description': 'Eines abbrechen, das wartet oder läuft; die Person erfährt es',
  'command.queue.clear.name': 'leeren',
  'command.queue.clear.description': 'Alles abbrechen, was wartet, oder alles Wartende einer Person',
  'command.queue.bump.name': 'vorziehen',
  'command.queue.bump.description': 'Eines vor die anderen dieses Servers stellen',
  'command.queue.pause.name': 'pausieren',
  'command.queue.pause.description': 'Zurückhalten, was wartet; Neues wird angenommen und wartet auch',
  'command.queue.resume.name': 'fortsetzen',
  'command.queue.resume.description': 'Die Pause beenden',
  'command.queue.ban.name': 'sperren',
  'command.queue.ban.description': 'Von einer Person auf diesem Server nichts mehr annehmen',
  'command.queue.unban.name': 'entsperren',
  'command.queue.unban.description': 'Eine Sperre beenden',
  'command.queue.bans.name': 'sperrliste',
  'command.queue.bans.description': 'Wer gesperrt ist, durch wen, bis wann und warum',
  'command.queue.stats.name': 'zahlen',
  'command.queue.stats.description': 'Die letzten 24 Stunden in Zahlen',
  'command.queue.log.name': 'protokollkanal',
  'command.queue.log.description': 'Wo steht, was die Moderation tut',
  'command.queue.settings.name': 'regeln',
  'command.queue.settings.description': 'Regeln dieses Servers',
  'command.queue.audit.name': 'protokoll',
  'command.queue.audit.description': 'Wer was getan hat, das Neueste zuerst',
  'command.queue.limits.name': 'grenzen',
  'command.queue.limits.description': 'Was Leute nutzen dürfen',
  'command.queue.limits_show.name': 'zeigen',
  'command.queue.limits_show.description': 'Die Grenzen für alle und für Rollen',
  'command.queue.limits_set.name': 'setzen',
  'command.queue.limits_set.description':
    'Grenzen ändern: eine Zahl, „keine“ für keine Grenze, „vorgabe“ für die Vorgabe des Bots',
  'command.queue.filter.name': 'filter',
  'command.queue.filter.description': 'Wörter, die in Prompts nicht angenommen werden',
  'command.queue.filter_add.name': 'hinzufügen',
  'command.queue.filter_add.description': 'Ein Wort oder Muster hinzufügen',
  'command.queue.filter_remove.name': 'entfernen',
  'command.queue.filter_remove.description': 'Einen Filter entfernen',
  'command.queue.filter_test.name': 'testen',
  'command.queue.filter_test.description': 'Einen Text gegen die Filter halten',
  'command.queue.filter_list.name': 'liste',
  'command.queue.filter_list.description': 'Alle Filter',
  'command.queue.option_id.name': 'id',
  'command.queue.option_id.description': 'Welches: auswählen, oder die ID unter seiner Nachricht einfügen',
  'command.queue.option_user.name': 'person',
  'command.queue.option_user.description': 'Wer',
  'command.queue.option_reason.name': 'grund',
  'command.queue.option_reason.description': 'Warum; die Betroffenen lesen es',
  'command.queue.option_for.name': 'dauer',
  'command.queue.option_for.description': 'Wie lange: 30m, 2h, 1d12h. Ohne Angabe, bis du es beendest',
  'command.queue.option_role.name': 'rolle',
  'command.queue.option_role.description': 'Für wen; ohne Angabe für alle',
  'command.queue.option_waiting.name': 'wartend',
  'command.queue.option_waiting.description': 'Videos, die eine Person wartend oder laufend haben darf',
  'command.queue.option_gpu_minutes.name': 'gpu_minuten',
  'command.queue.option_gpu_minutes.description': 'Minuten GPU-Zeit pro Person in 24 Stunden',
  'command.queue.option_cooldown.name': 'abstand',
  'command.queue.option_cooldown.description': 'Zeit zwischen zwei Anfragen einer Person: 30s, 5m',
  'command.queue.option_video_length.name': 'videolänge',
  'command.queue.option_video_length.description': 'Das längste Video einer Person: 30s, 2m',
  'command.queue.option_weight.name': 'gewicht',
  'command.queue.option_weight.description': 'Anteil neben anderen, 0,1 bis 10; mit 2 zählt GPU-Zeit halb',
  'command.queue.option_queue_length.name': 'länge',
  'command.queue.option_queue_length.description': 'Höchstzahl wartender Videos auf diesem Server',
  'command.queue.option_text.name': 'text',
  'command.queue.option_text.description': 'Das Wort, das Muster oder der Text',
  'command.queue.option_kind.name': 'art',
  'command.queue.option_kind.description': 'Ein ganzes Wort (ohne Angabe) oder ein regulärer Ausdruck',
  'command.queue.option_filter.name': 'filter',
  'command.queue.option_filter.description': 'Welcher Filter',
  'command.queue.option_channel.name': 'kanal',
  'command.queue.option_channel.description': 'Wo es stehen soll',
  'command.queue.option_off.name': 'aus',
  'command.queue.option_off.description': 'Nirgends',
  'command.queue.option_rerun_others.name': 'fremde_wiederholen',
  'command.queue.option_rerun_others.description': 'Ob Leute Ergebnisse anderer wiederholen dürfen',
  'command.queue.option_keep_days.name': 'tage',
  'command.queue.option_keep_days.description': 'Tage, in denen ein Ergebnis wiederholt werden kann',
  'command.queue.option_ask_each_time.name': 'jedes_mal_fragen',
  'command.queue.option_ask_each_time.description':
    'Ob ich jedes Mal frage, ob ein Bild oder eine Stimme verwendet werden darf',
  'command.queue.option_label_words.name': 'schriftzug',
  'command.queue.option_label_words.description': 'Was jedes Video in einer Ecke zeigt',
  'command.queue.option_label_size.name': 'schriftgroesse',
  'command.queue.option_label_size.description': 'Wie groß sie sind',
  'command.queue.option_label_corner.name': 'ecke',
  'command.queue.option_label_corner.description': 'In welcher Ecke sie stehen',
  'command.queue.reports.name': 'meldungen',
  'command.queue.reports.description': 'Was gemeldet wurde, und von wem',
  'command.queue.blocks.name': 'bildsperren',
  'command.queue.blocks.description': 'Bilder und Töne, die hier nicht mehr angenommen werden',
  'command.queue_admin.name': 'warteschlange-betrieb',
  'command.queue_admin.description': 'Für die, die diesen Bot betreiben: die ganze Warteschlange',
  'command.queue_admin.pause.name': 'pausieren',
  'command.queue_admin.pause.description': 'Überall zurückhalten, was wartet',
  'command.queue_admin.resume.name': 'fortsetzen',
  'command.queue_admin.resume.description': 'Die Pause beenden',
  'command.queue_admin.drain.name': 'leerlaufen',
  'command.queue_admin.drain.description': 'Nichts Neues annehmen; was wartet und läuft, geht weiter',
  'command.queue_admin.undrain.name': 'annehmen',
  'command.queue_admin.undrain.description': 'Wieder Neues annehmen',
  'command.queue_admin.workers.name': 'maschinen',
  'command.queue_admin.workers.description':
    'Die Maschinen: GPU, Modelle, was sie tun und wann sie zuletzt da waren',
  'command.queue_admin.gpus.name': 'gpus',
  'command.queue_admin.gpus.description':
    'Gemietete GPUs: was läuft und was es kostet; eine von Hand starten oder stoppen',
  'command.queue_admin.retry.name': 'wiederholen',
  'command.queue_admin.retry.description': 'Gescheiterte Videos der letzten 24 Stunden noch einmal einreihen',
  'command.queue_admin.maintenance.name': 'wartung',
  'command.queue_admin.maintenance.description':
    'Eine Zeile in jeder Statusnachricht; ohne Text verschwindet sie',
  'command.queue_admin.marking.name': 'kennzeichnung',
  'command.queue_admin.marking.description': 'Wie Videos sagen, dass sie mit KI erstellt sind',
  'command.queue_admin.option_label.name': 'schriftzug',
  'command.queue_admin.option_label.description': 'Worte in einer Ecke jedes Videos',
  'command.queue_admin.audit.name': 'protokoll',
  'command.queue_admin.audit.description': 'Was der Betrieb getan hat, das Neueste zuerst',
  'command.queue_admin.option_message.name': 'text',
  'command.queue_admin.option_message.description': 'Was Leute lesen',
  'command.queue_admin.option_code.name': 'ursache',
  'command.queue_admin.option_code.description': 'Nur, was aus diesem Grund gescheitert ist',

  'command.queue_admin.option_do.name': 'aktion',
  'command.queue_admin.option_do.description': 'Noch eine starten oder eine stoppen',
  'command.queue_admin.option_gpu.name': 'gpu',
  'command.queue_admin.option_gpu.description': 'Welche gestoppt wird',
  'command.queue_admin.ban.name': 'sperren',
  'command.queue_admin.ban.description': 'Von einer Person nirgends mehr etwas annehmen',
  'command.queue_admin.limits_show.name': 'zeigen',
  'command.queue_admin.limits_show.description': 'Die Grenzen über alle Server und das Budget',
  'command.queue_admin.limits_set.name': 'setzen',
  'command.queue_admin.limits_set.description':
    'Grenzen über alle Server und Direktnachrichten ändern: eine Zahl oder „keine“',
  'command.queue_admin.option_budget.name': 'budget',
  'command.queue_admin.option_budget.description': 'Minuten GPU-Zeit für alle zusammen in 24 Stunden',
  'command.queue_admin.option_server.name': 'server',
  'command.queue_admin.option_server.description': 'Welcher Server: wählen oder seine Id einfügen',
  'command.queue_admin.allow.name': 'zulassen',
  'command.queue_admin.allow.description': 'Welche Server und Leute dürfen; ohne Einträge alle',
  'command.queue_admin.allow_add.name': 'hinzufügen',
  'command.queue_admin.allow_add.description': 'Einen Server oder eine Person zulassen',
  'command.queue_admin.allow_remove.name': 'entfernen',
  'command.queue_admin.allow_remove.description': 'Einen Server oder eine Person von der Liste nehmen',
  'command.queue_admin.allow_list.name': 'liste',
  'command.queue_admin.allow_list.description': 'Wer zugelassen ist',
  'command.limits.name': 'grenzen',
  'command.limits.description': 'Was du noch verbrauchen darfst, hier und überall',
  'queue.guild_only': 'Das geht nur auf einem Server, auf dem ich Mitglied bin.',
  'queue.moderators_only': 'Das darf nur, wer durch eine Rolle auf diesem Server Nachrichten verwalten darf.',
  'queue.owners_only': 'Das dürfen nur die, die diesen Bot betreiben.',
  'queue.unknown':
    'Auf diesem Server gibt es kein Video mit dieser ID. Wähle eines aus der Liste, oder kopiere die ID unter seiner Nachricht.',
  'queue.unknown_anywhere': 'Es gibt kein Video mit dieser ID. Kopiere die ID unter seiner Nachricht.',
  'queue.span': '„{text}“ verstehe ich nicht. Sag, wie lange: `30m`, `2h` oder `1d12h` (s, m, h, d).',
  'queue.span_range': 'Das ist zu kurz oder zu lang: von {minimum} bis {maximum}.',
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
  'queue.status.failed': 'gescheitert',
  'queue.status.cancelled': 'abgebrochen',
  'queue.list.heading':
    '**Die Warteschlange dieses Servers**: {running, plural, one {# läuft} other {# laufen}}, {waiting, plural, one {# wartet} other {# warten}}',
  'queue.list.none': 'Auf diesem Server wartet und läuft nichts.',
  'queue.list.line': '{place} <@{userId}> {prompt}\n-# angefordert <t:{time}:R> · `{id}`',
  'queue.list.more': '-# Nur die {count}, die zuerst angefordert wurden, sind zu sehen.',
  'queue.paused': '⏸️ **Pausiert** von <@{by}> <t:{since}:R>.',
  'queue.paused_until': '⏸️ **Pausiert** von <@{by}> <t:{since}:R>, bis <t:{until}:f>.',
  'queue.show.who': '<@{userId}> · {status} · angefordert <t:{time}:R>',
  'queue.show.private':
    'Es ist privat: Woraus es entsteht, geht nur die Person selbst etwas an. Abbrechen lässt es sich.',
  'queue.cancel.done': 'Abgebrochen. Ich sage <@{userId}> Bescheid.',
  'queue.cancel.asked': 'Es wird abgebrochen. Ich sage <@{userId}> Bescheid.',
  'queue.cancel.finished': 'Es ist schon zu Ende; da gibt es nichts mehr abzubrechen.',
  'queue.clear.done':
    '{count, plural, =0 {Es hat nichts gewartet.} one {Ein wartendes Video wurde abgebrochen.} other {# wartende Videos wurden abgebrochen.}} Was läuft, läuft weiter.',
  'queue.bump.done': 'Es steht jetzt vor den anderen dieses Servers.',
  'queue.bump.not_waiting': 'Es wartet nicht (mehr), also gibt es nichts vorzuziehen.',
  'queue.pause.done':
    'Pausiert. {count, plural, =0 {Es wartet nichts.} one {Ein Video wartet.} other {# Videos warten.}} Neues wird angenommen und wartet auch.',
  'queue.resume.done':
    'Es geht weiter{count, plural, =0 {; gerade wartet nichts} one { mit einem Video} other { mit # Videos}}.',
  'queue.resume.nothing': 'Es ist nichts pausiert.',
  'queue.until': 'Bis <t:{until}:f>.',
  'queue.ends': 'bis <t:{until}:f>',
  'queue.ban.done':
    '<@{userId}> kann hier keine Videos mehr anfordern. Was schon wartet, geht weiter; `/warteschlange leeren` bricht es ab.',
  'queue.unban.done': '<@{userId}> kann hier wieder Videos anfordern.',
  'queue.unban.nothing': '<@{userId}> ist nicht gesperrt.',
  'queue.bans.heading': '**Hier gesperrt**',
  'queue.bans.none': 'Niemand ist gesperrt.',
  'queue.bans.line': '<@{userId}> durch <@{by}>, <t:{since}:d>',
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
    'Sag, was sich ändern soll: `wartend`, `gpu_minuten`, `abstand`, `gewicht` oder `länge`.',
  'queue.limits.length_for_all': '`länge` gilt für den ganzen Server: Lass `rolle` weg.',
  'queue.limits.done': 'Geändert; es gilt ab jetzt.',
  'queue.stats.heading': '**Die letzten 24 Stunden**',
  'queue.stats.now':
    'Jetzt: {running, plural, one {# läuft} other {# laufen}}, {waiting, plural, one {# wartet} other {# warten}}',
  'queue.stats.day': '{done} fertig · {failed} gescheitert · {cancelled} abgebrochen · {gpu} auf der GPU',
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
  'queue.log.off': 'Ich schreibe es in keinen Kanal mehr. `/warteschlange protokoll` zeigt es weiterhin.',
  'queue.log.now': 'Was die Moderation tut, steht in <#{channelId}>.',
  'queue.log.nowhere':
    'Was die Moderation tut, steht in keinem Kanal. `/warteschlange protokollkanal kanal:…` ändert das.',
  'queue.log.gone':
    '-# Im Protokollkanal konnte das nicht stehen: Es gibt ihn nicht mehr, oder ich sehe ihn nicht mehr. Wähle mit `/warteschlange protokollkanal` einen anderen.',
  'queue.log.forbidden':
    '-# In <#{channelId}> konnte ich das nicht schreiben: Ich brauche dort {permissions}.',
  'queue.log.cannot':
    'In <#{channelId}> kann ich nicht schreiben: Ich brauche dort {permissions}. Erlaube es, oder nimm einen anderen Kanal. Nichts wurde geändert.',
  'queue.log.unseen':
    'Ich sehe <#{channelId}> nicht und kann dort nicht schreiben. Erlaube mir **Kanal ansehen** und **Nachrichten senden**, oder nimm einen anderen Kanal. Nichts wurde geändert.',
  'queue.settings.heading': '**Regeln dieses Servers**',
  'queue.settings.rerun_others': 'Ergebnisse anderer dürfen wiederholt werden: {value}',
  'queue.settings.keep_days':
    'Ein Ergebnis kann {days, plural, one {# Tag} other {# Tage}} lang wiederholt werden.',
  'queue.settings.ask_each_time':
    'Ich frage jedes Mal, ob ein Bild oder eine Stimme verwendet werden darf: {value}',
  'queue.settings.label':
    'Schriftzug in jedem Video: „{words}“, {size}, {corner}. Abschalten können ihn nur die Betreiber des Bots.',
  'queue.settings.label_off':
    'Die Betreiber des Bots haben den Schriftzug in Videos abgeschaltet. Wer ein Video postet, sagt selbst, dass es mit KI erstellt ist, wie es Art. 50 Abs. 4 der KI-Verordnung der EU verlangt.',
  'queue.audit.heading': '**Wer was getan hat**',
  'queue.audit.none': 'Noch hat niemand etwas getan.',
  'queue.audit.cancel': 'hat ein Video abgebrochen',
  'queue.audit.clear': 'hat die Warteschlange geleert',
  'queue.audit.bump': 'hat ein Video vorgezogen',
  'queue.audit.pause': 'hat die Warteschlange pausiert',
  'queue.audit.resume': 'hat die Pause beendet',
  'queue.audit.ban': 'hat gesperrt',
  'queue.audit.unban': 'hat entsperrt',
  'queue.audit.limits': 'hat Grenzen geändert',
  'queue.audit.settings': 'hat die Regeln geändert',
  'queue.audit.filter_add': 'hat einen Filter hinzugefügt',
  'queue.audit.filter_remove': 'hat einen Filter entfernt',
  'queue.audit.log_channel': 'hat geändert, wo das hier steht',
  'queue.audit.delete_result': 'hat ein Ergebnis gelöscht',
  'queue.audit.report': 'hat ein Ergebnis gemeldet',
  'queue.audit.report_shown': 'hat ein gemeldetes Ergebnis wieder gezeigt',
  'queue.audit.global_pause': 'hat alles pausiert',
  'queue.audit.global_resume': 'hat die Pause für alle beendet',
  'queue.audit.drain': 'nimmt nichts Neues mehr an',
  'queue.audit.drain_ended': 'nimmt wieder Neues an',
  'queue.audit.retry_failed': 'hat gescheiterte Videos noch einmal eingereiht',
  'queue.audit.maintenance': 'hat die Wartungsnachricht gesetzt',
  'queue.audit.maintenance_ended': 'hat die Wartungsnachricht entfernt',
  'queue.audit.nowhere': 'nirgends',
  'queue.audit.videos': '{count, plural, one {# Video} other {# Videos}}',
  'queue.audit.waiting': '{count, plural, =0 {nichts wartete} one {# wartete} other {# warteten}}',
  'queue.audit.code': 'gescheitert an: {code}',
  'queue.audit.allow': 'ließ zu',
  'queue.audit.allow_ended': 'lässt nicht mehr zu',
  'queue.audit.claimed': 'sagt „Das bin ich“ zu',
  'queue.audit.unblock': 'nimmt die Eingaben wieder an von',
  'queue.audit.marking': 'Kennzeichnung der Videos geändert',
  'queue.audit.label': 'Schriftzug: {value}',
  'queue.reports.heading': '**{days, plural, one {Am letzten Tag} other {In den letzten # Tagen}} gemeldet**',
  'queue.reports.none':
    '{days, plural, one {Am letzten Tag} other {In den letzten # Tagen}} wurde nichts gemeldet.',
  'queue.reports.line':
    '{number}. <t:{time}:d> <@{userId}> `{id}` – {state}, {count, plural, one {# Meldung} other {# Meldungen}}: {people}',
  'queue.reports.reporter': '<@{userId}> (insgesamt {count, plural, one {# Meldung} other {# Meldungen}})',
  'queue.reports.hidden': 'verdeckt',
  'queue.reports.shown': 'wieder gezeigt',
  'queue.reports.deleted': 'gelöscht',
  'queue.blocks.heading': '**Auf diesem Server nicht angenommen: Jemand sagte „Das bin ich“**',
  'queue.blocks.none': 'Hier ist nichts gesperrt.',
  'queue.blocks.line':
    '**{number}.** <t:{time}:R> · `{id}` · {pictures, plural, =0 {kein Bild} one {# Bild} other {# Bilder}}{sound, select, yes { und der Ton} other {}}',
  'queue_admin.pause.done': 'Alles ist pausiert. Neues wird angenommen und wartet.',
  'queue_admin.resume.done': 'Es geht weiter.',
  'queue_admin.drain.done': 'Ab jetzt wird nichts Neues angenommen. Was wartet und läuft, geht weiter.',
  'queue_admin.undrain.done': 'Neues wird wieder angenommen.',
  'queue_admin.undrain.nothing': 'Es war nichts zu beenden: Neues wird angenommen.',
  'queue_admin.workers.heading': '**Maschinen**',
  'queue_admin.workers.none': 'Es war noch keine Maschine zu sehen.',
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
  'queue_admin.gpus.line': '{state} `{name}` · {kind} · {price} $/h\n-# {what} · seit <t:{since}:R>',
  'queue_admin.gpus.starting': 'startet',
  'queue_admin.gpus.ready': 'nimmt Videos an',
  'queue_admin.gpus.ending': 'wird gestoppt',
  'queue_admin.gpus.spent':
    'Heute {today} ${dayCap, select, none {} other { von {dayCap} $}} · dieser Monat {month} ${monthCap, select, none {} other { von {monthCap} $}}',
  'queue_admin.gpus.usual': 'Ein Start dauert meist {duration}.',
  'queue_admin.gpus.problem': '⚠️ Der Anbieter sagt: {problem}',
  'queue_admin.gpus.silent':
    '⚠️ Seit <t:{at}:R> hat niemand nach den GPUs gesehen. Läuft der Bot oder der Scaler?',
  'queue_admin.gpus.kept': 'Bis <t:{until}:t> wird eine bereitgehalten (GPU_READY_HOURS).',
  'queue_admin.gpus.rests': 'Du hast eine von Hand gestoppt: Bis <t:{until}:t> wird keine bereitgehalten.',
  'queue_admin.gpus.hindrance.cap': '⚠️ Die Ausgabengrenze ist erreicht: Es wird nichts mehr gestartet.',
  'queue_admin.gpus.hindrance.hours': 'Außerhalb deiner Zeiten (GPU_HOURS): Gerade wird nichts gestartet.',
  'queue_admin.gpus.hindrance.no_offer': '⚠️ Keine deiner GPUs ist zu deinem Preis zu haben (GPU_KINDS).',
  'queue_admin.gpus.hindrance.back_off':
    'Der letzte Start ist gescheitert; der nächste Versuch kommt gleich.',
  'queue_admin.gpus.hindrance.maximum': 'Es laufen so viele, wie du erlaubst (GPU_MAXIMUM_PODS).',
  'queue_admin.gpus.start_asked': 'Gleich wird noch eine gestartet, wenn deine Grenzen es erlauben.',
  'queue_admin.gpus.stop_asked':
    '`{name}` wird gleich gestoppt. Was sie gerade macht, geht zurück in die Warteschlange.',
  'queue_admin.gpus.unknown': 'Ich kenne keine gemietete GPU namens `{name}`. Wähle eine aus der Liste.',
  'queue_admin.retry.done':
    '{count, plural, =0 {Nichts, was in den letzten 24 Stunden gescheitert ist, passt.} one {Ein Video ist wieder eingereiht:} other {# Videos sind wieder eingereiht:}}',
  'queue_admin.maintenance.set': 'Gesetzt. Statusnachrichten zeigen es von ihrer nächsten Änderung an.',
  'queue_admin.maintenance.removed': 'Entfernt.',
  'queue_admin.marking.on':
    'Jedes Video sagt in einer Ecke, dass es mit KI erstellt ist; Worte, Größe und Ecke wählen Server mit `/warteschlange regeln`.',
  'queue_admin.marking.off':
    'Neue Videos haben keinen Schriftzug. Art. 50 Abs. 4 der KI-Verordnung der EU: Wer einen Deepfake veröffentlicht, muss dann auf andere Weise klar und sofort sichtbar offenlegen, dass er mit KI erstellt ist.',
  'queue_admin.ban.done': '<@{userId}> kann nirgends mehr Videos anfordern. Was schon wartet, geht weiter.',
  'queue_admin.unban.done': '<@{userId}> kann wieder Videos anfordern.',
  'queue_admin.bans.heading': '**Überall gesperrt**',
  'queue_admin.limits.heading': '**Grenzen einer Person über alle Server und Direktnachrichten**',
  'queue_admin.limits.budget': 'GPU-Zeit am Tag für alle zusammen: {value}',
  'queue_admin.limits.nothing':
    'Sag, was sich ändern soll: `wartend`, `gpu_minuten`, `abstand` oder `budget`.',
  'queue_admin.allow.nothing': 'Sag, wen: einen `server`, eine Person oder beides.',
  'queue_admin.allow.no_server':
    '`server` muss die Id eines Servers sein: Wähle einen oder füge 17 bis 20 Ziffern ein.',
  'queue_admin.allow.too_many': 'Es kann von beidem je {maximum, number} geben.',
  'queue_admin.allow.everybody': 'Alle dürfen überall: Keine Liste hat einen Eintrag.',
  'queue_admin.allow.heading': '**Nur diese dürfen** – auf diesen Servern alle, und diese Leute überall',
  'queue_admin.allow.server': 'Server `{id}`',
  'queue_admin.allow.person': '<@{userId}>',
  'status.held_guild':
    '**In der Warteschlange: Platz {position} von {waiting}.** Die Moderation dieses Servers hat sie pausiert.',
  'status.held_deployment':
    '**In der Warteschlange: Platz {position} von {waiting}.** Zurzeit ist alles pausiert.',
  'status.held_reason': 'Warum: {reason}',
  'status.held_until': 'Es geht weiter <t:{until}:R>.',
  'status.maintenance': 'ℹ️ {message}',
  'failure.cancelled_by_moderator_because': 'Die Moderation hat es abgebrochen. Grund: {reason}',
  'failure.discord_outside':
    'Ich bin hier kein Mitglied, darum geht das nicht. Benutze mich auf einem Server, auf dem ich bin, oder schreib mir direkt.',
  'failure.discord_direct':
    'Deine Direktnachrichten sind für mich geschlossen. Öffne sie (Benutzereinstellungen → Inhalte & Soziales → Direktnachrichten) oder nimm einen Server, auf dem ich bin.',
  'limits.heading': '**Was dir bleibt**',
  'limits.none': 'Für dich ist hier nichts begrenzt.',
  'limits.waiting':
    'Wartende Videos zugleich, {where, select, everywhere {auf allen Servern zusammen} other {hier}}: noch {left, number} von {limit, number}',
  'limits.gpu':
    'GPU-Zeit in 24 Stunden, {where, select, everywhere {auf allen Servern zusammen} other {hier}}: noch {left} von {limit}',
  'limits.cooldown':
    'Dein nächstes Video {where, select, everywhere {überhaupt} other {hier}}: <t:{clears}:R>',
  'limits.budget': 'GPU-Zeit heute für alle: noch {left} von {limit}',
  'command.forget.name': 'vergessen',
  'command.forget.description': 'Was über dich gespeichert ist, und wie du es löschst',
  'command.help.name': 'hilfe',
  'command.help.description': 'Was ich kann, in einem Bild und ein paar Zeilen',
  'button.forget_erase': 'Alles löschen',
  'button.forget_keep': 'Behalten',
  'forget.heading': '**Was ich über dich gespeichert habe**',
  'forget.nothing': 'Ich habe nichts über dich gespeichert, das ich löschen könnte.',
  'forget.generations':
    '{count, plural, one {# Video oder Auftrag} other {# Videos und Aufträge}}, vom <t:{first}:D> bis <t:{last}:D>, mit Prompts, Bildern und Tönen{open, plural, =0 {} one {; # davon wartet oder entsteht gerade und wird abgebrochen} other {; # davon warten oder entstehen gerade und werden abgebrochen}}',
  'forget.kind_settings': 'deine Vorgaben aus /settings',
  'forget.kind_reports': '{count, plural, one {# Meldung} other {# Meldungen}} von dir',
  'forget.kind_greeting': 'dass ich dich schon begrüßt habe',
  'forget.kind_agreement':
    'dass du die Bilder und Stimmen, die du mitbringst, verwenden darfst: deine Zusage',
  'forget.kind_forms':
    '{count, plural, one {# Formular, das du geöffnet hast} other {# Formulare, die du geöffnet hast}}',
  'forget.use':
    'Wie viel GPU-Zeit du verbraucht hast, vergesse ich von selbst binnen eines Tages; bis dahin zählen die Grenzen damit.',
  'forget.stays':
    'Nachrichten in Discord bleiben, bis du sie löschst. Auch Sperren, das Protokoll der Moderation, was andere aus deinen Ergebnissen gemacht haben und Sicherungskopien bleiben; mehr dazu sagen dir die Betreiber dieses Bots.',
  'forget.sure': 'Löschen? Das lässt sich nicht rückgängig machen.',
  'forget.kept': 'Es wurde nichts gelöscht.',
  'forget.erasing': 'Ich lösche … was gerade entsteht, wird zuerst abgebrochen. Das kann eine Minute dauern.',
  'forget.done':
    'Gelöscht: {generations, plural, one {# Video oder Auftrag} other {# Videos und Aufträge}}, {files, plural, one {# Datei} other {# Dateien}} und alles andere von der Liste.',
  'forget.still_running':
    'Ein Video von dir entsteht noch und lässt sich nicht anhalten. Es wurde nichts gelöscht. Versuch es bitte in ein paar Minuten noch einmal.',
  'forget.again_soon': 'Ich habe gerade erst nachgesehen. Versuch es bitte in zehn Sekunden noch einmal.',
  'help.heading': '**Aus einem Bild, etwas Sprache und einem Satz wird ein Video.**',
  'help.make':
    '`/{command}` macht es. Du brauchst einen Prompt; dazu ein Bild von einem Menschen, und Sprache als Datei, als Sprachnachricht oder getippt.',
  'help.results':
    'Unter jedem Ergebnis: 🔁 noch einmal, ⬆️ besser, ✏️ ändern, ❌ löschen. Reagiere mit ✉️, um es als Direktnachricht zu bekommen, mit 🚩, um es zu melden.',
  'help.menus': 'Im Menü einer Nachricht, unter Apps: {menus}.',
  'help.moderators':
    'Du darfst hier moderieren: `/{command}` hat Liste, Pausen, Grenzen, Sperren, Filter, Meldungen und Protokoll.',
  'help.owners': 'Du betreibst diesen Bot: `/{command}` gilt für alle Server.',
  'help.picture':
    'Ein Bild und eine Tonspur werden zu einem Clip, der spricht; darunter Knöpfe: noch einmal, besser, ändern, löschen.',
};
