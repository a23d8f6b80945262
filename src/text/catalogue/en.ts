/**
 * Everything a person reads, in English: ICU MessageFormat, https://unicode-org.github.io/icu/userguide/format_parse/messages/.
 * Discord's own markup (`<t:…:R>`, `**bold**`) passes through untouched. Sections: `command` (shown by Discord's own
 * interface), `refused` (before anything was accepted), `status` (the message that changes while a job waits and runs),
 * `advice` (what could be better), `result`, `api` (problems of the HTTP API, read by people behind programs), `failure` (a key for each identifier of a `Failure`), `button`, `notice`.
 */
export const en = {
  'command.humo.name': 'humo',
  'command.humo.description': 'Make a video of a person, speaking with your sound',
  'command.humo.prompt.name': 'prompt',
  'command.humo.prompt.description': 'What is to be seen: the person, the place, what they do',
  'command.humo.image.name': 'image',
  'command.humo.image.description': 'Who or what is to be seen: PNG, JPEG, WebP, GIF or AVIF',
  'command.humo.image2.name': 'image2',
  'command.humo.image2.description': 'A second person or thing',
  'command.humo.image3.name': 'image3',
  'command.humo.image3.description': 'A third person or thing',
  'command.humo.image4.name': 'image4',
  'command.humo.image4.description': 'A fourth person or thing',
  'command.humo.audio.name': 'audio',
  'command.humo.audio.description': 'What is to be said: a sound file, a voice message or a video with sound',
  'command.humo.audio_start.name': 'audio_start',
  'command.humo.audio_start.description': 'Where in the sound to start, in seconds',
  'command.humo.preset.name': 'preset',
  'command.humo.preset.description': 'How much care (and time) goes into it',
  'command.humo.shape.name': 'shape',
  'command.humo.shape.description': 'Landscape, portrait or square',
  'command.humo.seed.name': 'seed',
  'command.humo.seed.description': 'The same number with the same input gives the same video',
  'command.humo.private.name': 'private',
  'command.humo.private.description': 'Only you see the answer and the video',
  'shape.landscape': 'Landscape',
  'shape.portrait': 'Portrait',
  'shape.square': 'Square',

  'status.queued':
    '**In the queue: number {position} of {waiting}.** Starts <t:{start}:R>, done <t:{end}:R>.',
  'status.queued_no_worker':
    '**In the queue: number {position} of {waiting}.** No machine is at work right now; your video starts as soon as one is back.',
  'status.next': '**You’re next.** Starts <t:{start}:R>, done <t:{end}:R>.',
  'status.running': '**{stage}** {bar} {percent}%',
  'status.running_steps': '**{stage}** {bar} step {step} of {steps}',
  'status.time_left': 'About {duration} left.',
  'status.stage.prepare': 'Getting ready',
  'status.stage.encode': 'Reading your files',
  'status.stage.denoise': 'Painting the frames',
  'status.stage.decode': 'Developing the film',
  'status.stage.compress': 'Packing the video',
  'status.delivered': 'Your video is here: {link}',
  'status.delivered_private': 'Your video is below.',
  'status.delivered_direct': 'I sent your video to you as a direct message: {link}',
  'status.ended': 'This didn’t become a video. Why: {link}',
  'status.ended_private': 'This didn’t become a video; the reason is below.',
  'status.undeliverable': 'I’m stuck: I could send the result neither here nor as a direct message.',
  'status.audio':
    'Sound: {start}–{end} of {total} · {frames, plural, one {# frame} other {# frames}} ({seconds} s)',
  'status.no_audio': '{frames, plural, one {# frame} other {# frames}} ({seconds} s), without sound',
  'status.settings':
    '{preset} · {width}×{height} · {steps, plural, one {# step} other {# steps}} · seed {seed}',
  'status.cost': 'Takes about {duration} of GPU time.',
  'status.identifier': '-# {id}',
  'status.private_route':
    'Only you see this. If it takes longer than 15 minutes, I send the video as a direct message: Discord ends this conversation then.',
  'status.direct_route':
    'I’m not a member of this server, so this message stands still 15 minutes from now. If the video isn’t done by then, it comes as a direct message.',
  'status.group_route':
    'I’m not a member of this group, so this message stands still 15 minutes from now. If the video isn’t done by then, it comes as a direct message.',

  'advice.heading': 'For next time:',
  'advice.image_tiny':
    'image {number} is small ({width}×{height}); with at least {minimum} pixels on the shorter side, faces come out clearer',
  'advice.audio_silent':
    'this part of the sound is silent, so the lips will hardly move; try another `audio_start`',
  'advice.frames_beyond_training':
    'longer than {frames} frames works, and looks a little less sharp; shorter sound gives the best quality',
  'advice.random_weights':
    '**This server runs with `weights: random`: the video shows noise, not your person.**',

  'result.heading': '<@{userId}>, your video is ready.',
  'result.begun': '<@{userId}>, your video is ready; one moment …',
  'result.prompt': '> {prompt}',
  'result.details': '{preset} · {width}×{height} · seed `{seed}` · took {duration} ({gpu} on the GPU)',
  'result.weights_random':
    '**`weights: random`** – this server has no model files; this shows that everything works, not what HuMo can do.',
  'result.downscaled': 'Made smaller than {width}×{height}, so that it fits Discord’s limit for files here.',
  'result.identifier': '-# {id}',

  'ending.failed': '<@{userId}>, this didn’t become a video.',
  'ending.cancelled': '<@{userId}>, cancelled.',
  'ending.reference': '-# Reference: {id}',

  'cancel.asked': 'Cancelling …',
  'cancel.finished': 'It’s already finished; there’s nothing left to cancel.',
  'cancel.not_yours':
    'Only the person who asked for this video, or someone who may manage messages here, can cancel it.',

  'notice.direct_messages':
    'Hello! When one of your videos takes longer than 15 minutes, or when I can’t post where you asked for it, it comes here.',
  'notice.restarted':
    'I was restarted while I read your files, so nothing was queued. Please run the command again.',

  'reaction.refused': '<@{userId}>, {reason}',

  'refused.prompt_alone':
    'I need something to look at or to listen to: add an `image`, an `audio`, or both.\nExample: `/humo prompt:A woman tells a joke in a café image:face.png audio:joke.mp3`',
  'refused.audio_start_without_audio':
    'There’s an `audio_start`, but no `audio`. Add the sound, or leave `audio_start` out.',
  'refused.permissions':
    'I can’t work in {channel} yet: I lack {permissions}. Please ask someone who manages this server to allow it, or use another channel. Nothing was queued.',
  'refused.direct_messages_closed':
    'I couldn’t send you the video: I’m not a member here, and your direct messages are closed to me. Open them (User settings → Content & social → Direct messages), or ask for the video in a server that I’m in. Nothing was queued.',
  'refused.direct_messages_closed_private':
    'A private video that takes longer than 15 minutes has to come as a direct message, and yours are closed to me. Open them (User settings → Content & social → Direct messages), or leave `private` out. Nothing was queued.',
  'refused.file': '**About `{option}`:** {reason}',
  'refused.not_understood':
    'I don’t know this command (any more). If you just saw it change, reload Discord with Ctrl+R.',
  'refused.too_many_waiting':
    'You have {count, plural, one {# video} other {# videos}} waiting, and that’s the most for one person here. Please wait for one of them, or cancel one.',
  'refused.prompt_empty': 'The `prompt` is empty. Say in a sentence what is to be seen.',
  'refused.stopping': 'I’m about to restart. Please run the command again in a minute; nothing was queued.',

  'api.unauthorised':
    'This needs a token that works: send it as `Authorization: Bearer …`. The people who run me make one with `npm run api-token -- create`.',
  'api.forbidden': 'Your token may not do this: it lacks the scope `{scope}`.',
  'api.not_found': 'There is no such video, or it isn’t yours. Records are kept for a month.',
  'api.no_such_address': 'There is nothing at this address. What there is stands in `/v1/openapi.json`.',
  'api.method_not_allowed': 'This address doesn’t know this method. It knows: {allow}.',
  'api.invalid_request': 'Something about the request doesn’t fit; `issues` says what.',
  'api.invalid_part':
    'I don’t understand the part `{name}` of the form. It takes one `request` (JSON), up to four files `image` and one file `audio`.',
  'api.body_too_large': 'That’s more than I take at once. Make the files smaller.',
  'api.unsupported_content_type': 'I don’t take this type of content here; `/v1/openapi.json` says which.',
  'api.too_many_requests': 'That was too much in one minute. Wait as long as `Retry-After` says.',
  'api.too_many_streams': 'You’re watching {count} videos already, and that’s the most. Close one.',
  'api.busy': 'Many files are arriving right now. Please try again in a few seconds.',
  'api.no_video': 'There is no video yet.',
  'api.video_gone': 'This video is no longer kept.',
  'api.no_preview': 'There is no picture right now.',
  'api.range_beyond_end': 'The video ends before this part.',
  'api.already_finished': 'It’s already finished; there’s nothing left to cancel.',
  'api.refused.prompt_alone': 'I need something to look at or to listen to: add an image, a sound, or both.',
  'api.refused.audio_start_without_audio':
    'There’s an `audioStart`, but no `audio`. Add the sound, or leave `audioStart` out.',
  'api.refused.stopping': 'I’m about to restart. Please try again in a minute; nothing was queued.',

  'permission.ViewChannel': '**View Channel**',
  'permission.SendMessages': '**Send Messages**',
  'permission.SendMessagesInThreads': '**Send Messages in Threads**',
  'permission.AttachFiles': '**Attach Files**',
  'permission.ReadMessageHistory': '**Read Message History**',

  'refused.channel_gone': 'I can’t see this channel any more. Please ask for it in another one.',
  'button.stop': 'Stop',
  'button.again': 'Again',
  'button.better': 'Better',
  'button.edit': 'Edit',
  'button.delete': 'Delete',
  'button.show': 'Show again',
  'button.stop_number': 'Stop {number}',
  'button.refresh': 'Refresh',
  'button.newer': 'Newer',
  'button.older': 'Older',
  'menu.animate': 'Animate with HuMo',
  'menu.details': 'HuMo details',
  'command.jobs.name': 'jobs',
  'command.jobs.description': 'Your videos that wait or are being made',
  'command.history.name': 'history',
  'command.history.description': 'Your finished videos, with links',
  'command.settings.name': 'settings',
  'command.settings.description': 'Your own defaults: quality, shape, privacy, notices',
  'again.gone':
    'I don’t know this video any more: I keep what it takes to make one again for a month. Please use `/humo` with the files.',
  'again.not_yours':
    'On this server, only the person who asked for a video can run it again. Use `/humo` to make one of your own.',
  'again.expired':
    'This server keeps the files for {days, plural, one {# day} other {# days}}, and this video is older. Please use `/humo` with the files.',
  'again.best_already':
    'This is the best quality already. Use Again for another try, or Edit to change something.',
  'again.twice': 'I heard you the first time; it’s on its way.',
  'again.sound_gone':
    'I don’t have the rest of this sound any more. Attach it again in the form, or leave the start as it was.',
  'again.edit_here': '<@{userId}>, press the button to change what you like.',
  'form.edit_title': 'Change and run again',
  'form.animate_title': 'Animate with HuMo',
  'form.prompt': 'What is to be seen',
  'form.look': 'Quality and shape',
  'form.start': 'Start of the sound',
  'form.start_description': 'In seconds, or as 1:02.5',
  'form.seed': 'Seed',
  'form.seed_description': 'Empty: a new one',
  'form.files': 'New files',
  'form.files_description': 'Images replace the images, a sound replaces the sound. Empty: all stays.',
  'refused.audio_start_invalid':
    'I don’t understand the start of the sound. Give it in seconds, like `12.5`, or as `1:02.5`; at most {most} seconds.',
  'refused.seed_invalid': 'The seed has to be a whole number from 0 to {most}. Leave it empty for a new one.',
  'refused.file_kind':
    'I can’t tell what `{name}` is. Give images (PNG, JPEG, WebP) and sound (MP3, WAV, OGG) or a video with sound.',
  'refused.images_too_many': 'That’s more than {most} images. Choose the {most} that matter most.',
  'refused.sounds_too_many': 'That’s more than one sound. Choose one.',
  'animate.nothing':
    'There is no image and no sound in this message. Choose a message that has some, or use `/humo`.',
  'animate.too_late': 'This form was open for too long. Please open it again from the message’s menu.',
  'lineage.linked': 'Made from {link}: {what}.',
  'lineage.unlinked': 'Made from an earlier video: {what}.',
  'lineage.nothing': 'nothing changed',
  'change.seed': 'seed {from} → {to}',
  'change.preset': '{from} → {to}',
  'change.shape': '{from} → {to}',
  'change.prompt': 'another prompt',
  'change.audio_start': 'sound from {to} instead of {from}',
  'change.images': 'other images',
  'change.audio': 'another sound',
  'result.reactions': '-# React with ✉️ to get it as a direct message, with 🚩 to report it.',
  'delete.gone': 'It’s gone already.',
  'delete.not_yours':
    'Only the person who asked for this video, or someone who may manage messages here, can delete it.',
  'delete.done': 'Deleted, the video with it.',
  'delete.by_moderator': 'A moderator deleted your video ({id}). If you don’t know why, please ask them.',
  'send.here': 'Here is the video from {link}.',
  'send.closed':
    'I couldn’t send you the video: your direct messages are closed to me. Open them (User settings → Content & social → Direct messages) and react again.',
  'report.hidden': '**Reported.** Hidden until a moderator has looked.',
  'report.thanks': 'Thank you. The video is hidden now, and the moderators know.',
  'report.moderators_only': 'Only someone who may manage messages here can show it again.',
  'report.shown': 'It’s shown again.',
  'details.not_ours': 'This message has nothing to do with a video of mine, or I don’t know it any more.',
  'details.heading': '**{id}**',
  'details.negative': 'Not to be seen: {prompt}',
  'details.settings':
    '{preset}: {model} · {width}×{height} · {frames, plural, one {# frame} other {# frames}} · {steps, plural, one {# step} other {# steps}} · shift {shift}',
  'details.seed': 'Seed `{seed}` · guidance: {scales}',
  'details.inputs': '{mode} · {images, plural, =0 {no image} one {# image} other {# images}}',
  'details.sound': 'Sound: {start}–{end} of {total}',
  'details.gpu': '{duration} on the GPU',
  'details.file': '-# The file has all of it, with the whole prompt.',
  'jobs.heading': '**Your videos on their way**',
  'jobs.none': 'Nothing of yours is waiting or running. `/humo` makes a video.',
  'jobs.more': '-# Only the {count} newest are shown.',
  'history.heading': '**Your videos**, page {page}',
  'history.none': 'You haven’t made a video in the last month. `/humo` makes one.',
  'history.no_more': 'That’s all there is.',
  'history.done': '<t:{time}:d> {prompt} {link}',
  'history.unlinked': '<t:{time}:d> {prompt}',
  'history.failed': '<t:{time}:d> {prompt} – didn’t become a video',
  'history.cancelled': '<t:{time}:d> {prompt} – stopped',
  'history.deleted': '<t:{time}:d> {prompt} – deleted',
  'settings.title': 'Your defaults',
  'settings.preset': 'Quality',
  'settings.shape': 'Shape',
  'settings.negative': 'Not to be seen',
  'settings.negative_description': 'Empty: what this server uses.',
  'settings.private': 'Private',
  'settings.private_description': 'Only you see the answers and the videos.',
  'settings.notify': 'Tell me when it’s done',
  'settings.notify_description': 'A direct message with a link.',
  'settings.as_here': 'As this server has it',
  'settings.saved': '**Saved.** From now on, unless you say otherwise:',
  'settings.yes': 'yes',
  'settings.no': 'no',
  'notice.done': 'Your video is done: {link}',

  'refused.banned':
    'You can’t make videos here{until, select, never {} other { until <t:{clears}:f>}}.{given, select, yes { Reason: {reason}} other {}}',
  'refused.draining':
    'I’m taking nothing new right now; what is waiting already will still be made. Please try again later.',
  'refused.draining_because': 'I’m taking nothing new right now: {message}',
  'refused.filtered':
    'Something in your text isn’t allowed on this server. Please put it in other words; nothing was queued.',
  'refused.cooldown':
    'One video every {seconds, plural, one {# second} other {# seconds}} is the rule here. You can ask again <t:{clears}:R>.',
  'refused.queue_full':
    'This server’s queue is full: {count, plural, one {# video is} other {# videos are}} waiting. Please try again when some are done.',
  'refused.gpu_seconds':
    'This would be too much GPU time for today: you have used {used} of {limit} minutes in the last 24 hours, and this takes about {needed}. There is room for it <t:{clears}:R>. A smaller preset takes less.',
  'refused.gpu_never':
    'This video takes about {needed} minutes of GPU time, and {limit} a day is the most for one person here. Use a smaller preset.',
  'failure.filter_pattern':
    'I don’t understand this pattern: {reason}. Patterns are regular expressions as in RE2.',
  'failure.filter_pattern_size':
    'This pattern is too large to try on every text ({size} of {maximum} steps). Make it shorter.',
  'failure.filter_word': 'This word has nothing that can be seen.',
  'failure.filter_too_many': 'There are {maximum} filters already, and that’s the most. Remove one first.',

  'duration.seconds': '{seconds} s',
  'duration.minutes': '{minutes} min {seconds} s',
  'duration.hours': '{hours} h {minutes} min',

  'failure.unknown':
    'Something went wrong on our side. If it happens again, tell the people who run me this reference: `{reference}`',
  'failure.internal':
    'Something went wrong on our side. If it happens again, tell the people who run me this reference: `{reference}`',
  'failure.engine_crashed':
    'The program that makes the video crashed, twice. Trying again may help; if it doesn’t, tell the people who run me the reference below.',
  'failure.engine_timeout':
    'The program that makes the video stopped answering, twice. Trying again may help; if it doesn’t, tell the people who run me the reference below.',
  'failure.out_of_memory':
    'The graphics card ran out of memory for this size. Use a smaller preset or less sound.',
  'failure.weights_missing':
    'The model’s files are missing on the machine that took this. The people who run me have to download them: `npm run engine -- weights download`.',
  'failure.content_blocked': 'This isn’t allowed here, so no video was made.',
  'failure.invalid_input':
    'Something about the input doesn’t fit. Check the files and run the command again.',
  'failure.unsupported_media':
    'I couldn’t read one of your files. Try PNG or JPEG for images, and MP3, WAV or OGG for sound.',
  'failure.too_large': 'One of your files is too large. Make it smaller and run the command again.',
  'failure.undeliverable': 'I could post the result neither in the channel nor in a direct message.',
  'failure.download_refused':
    'This file doesn’t come from Discord, so I don’t fetch it. Attach it to the command.',
  'failure.download_failed': 'I couldn’t fetch this file from Discord. Please run the command again.',
  'failure.download_slow': 'Discord delivered this file too slowly. Please run the command again.',
  'failure.file_gone': 'Discord no longer has this file. Please attach it again.',
  'failure.file_too_large':
    'It’s larger than {megabytes} MB. Make it smaller, for example by cutting or converting it.',
  'failure.files_expired':
    'The files of this request are no longer kept. Please run the command again with the files.',
  'failure.engine_protocol':
    'The programs on the machine that took this don’t fit together. The people who run me have to update them.',
  'failure.audio_start_beyond_end':
    'The sound ends after {seconds} s, before your `audio_start`. Choose an earlier start.',
  'failure.audio_too_short': 'From there on, the sound is too short: at least {seconds} s are needed.',
  'failure.audio_too_large': 'The sound is larger than {megabytes} MB. Cut it, or convert it to MP3.',
  'failure.audio_too_long': 'The sound is longer than {minutes} minutes. Cut out the part that you need.',
  'failure.audio_no_track': 'This video has no sound. Use one that has, or a sound file.',
  'failure.audio_not_sound': 'This isn’t a sound that I know. Try MP3, WAV, OGG, M4A or a video with sound.',
  'failure.audio_unreadable':
    'I couldn’t read this sound; the file may be damaged. Convert it to MP3 or WAV and try again.',
  'failure.image_heic': 'I can’t open HEIC photos. Send it as JPEG, or take a screenshot of it.',
  'failure.image_not_image': 'This isn’t an image that I know. Try PNG, JPEG, WebP, GIF or AVIF.',
  'failure.image_too_large': 'The image is larger than {megabytes} MB. Make it smaller and try again.',
  'failure.image_too_many_pixels':
    'The image has more than {megapixels} megapixels. Make it smaller and try again.',
  'failure.image_unreadable':
    'I couldn’t read this image; the file may be damaged. Save it as PNG or JPEG and try again.',
  'failure.video_does_not_fit':
    'The video was made, but nothing worth watching fits into the {kilobytes} kB that Discord takes here. Try a shorter sound.',
  'failure.queue_unreachable':
    'My queue can’t be reached right now, so I couldn’t take this on. Please try again in a few minutes.',
  'failure.cancelled_by_user': 'You cancelled it.',
  'failure.cancelled_by_moderator': 'A moderator cancelled it.',
  'failure.cancelled': 'It was cancelled.',
  'failure.video_too_large_for_channel':
    'The video was ready, but even made smaller Discord didn’t take it here. A shorter clip or the preset “draft” gives a smaller file.',
  'failure.direct_messages_closed':
    'The video was ready, but I could post it neither in the channel nor in a direct message.',
  'failure.discord_missing_access': 'I can’t see this channel any more. Please check my permissions.',
  'failure.discord_missing_permissions': 'I’m not allowed to do this here. Please check my permissions.',
  'failure.discord_unavailable': 'Discord doesn’t answer me right now. Please try again in a minute.',
} as const;
