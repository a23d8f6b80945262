import { defaultUploadLimit, videoLimitBytes } from '../intake/upload-limit.ts';
import { Refusal } from '../refusal.ts';
import { textsFor } from '../text/texts.ts';
import { message, messageLink } from './render/message.ts';
import { videoFile } from './render/video-file.ts';
import { refuseWithdrawn } from '../intake/rerun.ts';
import { isSeenBy, reactedTo } from './support/find-generation.ts';
import type { Reaction } from './support/definition.ts';

/** ✉ sends the video to whoever reacts, privately. */
export default {
  kind: 'reaction',
  name: 'send',
  emoji: '✉',

  async react(asker, services) {
    const { userId, guildId, messageId, channelId } = asker;
    const generation = await reactedTo(asker, services);
    if (generation === null || !isSeenBy(generation, asker) || generation.result === null) return;
    if (!(await services.queue.claim(`send:${userId}:${generation.id}`, 10_000))) return;
    refuseWithdrawn(generation);
    const limit = videoLimitBytes(defaultUploadLimit);
    const data = await services.results.video(generation, limit, services.stopping);
    const link = messageLink(guildId, channelId, messageId);
    const texts = textsFor(generation.locale);
    const sent = await services.speaker.direct(
      userId,
      message([texts.say('send.here', { link }), texts.say('result.made_with_ai')]),
      { files: [videoFile(generation, data)] },
    );
    if (sent === null) throw new Refusal('send.closed');
    // Whoever deletes the video with all that came of it means this, too.
    await services.queue.noteCopy(generation.id, sent);
  },
} satisfies Reaction;
