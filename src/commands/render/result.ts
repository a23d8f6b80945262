import type { GenerateSettings } from '../../config/generate.ts';
import type { Generation, GenerationResult, StoredFailure } from '../../queue/contract/generation.ts';
import { duration, quoted } from '../../text/format.ts';
import { failureText, textsFor } from '../../text/texts.ts';
import { nextPreset } from '../../intake/rerun.ts';
import { lineageLine, weightsLine } from './details.ts';
import { action, actionRow, buttonRows, claimAction, deleteAction, message } from './message.ts';
import type { RenderedMessage } from './message.ts';
import { presetTitle } from './preset.ts';

/** characters of the prompt that the result repeats */
const promptLimit = 300;

/**
 * The message that carries the video.
 *
 * @param place `elsewhere`: not where it was asked for, but in direct messages, or for one person's eyes
 */
export function renderResult(
  generation: Generation,
  result: GenerationResult,
  settings: GenerateSettings,
  place: 'asked' | 'elsewhere' = 'asked',
): RenderedMessage {
  const texts = textsFor(generation.locale);
  const { request } = generation;
  const finishedAt = generation.finishedAt ?? generation.createdAt;
  return message(
    [
      texts.say('result.heading', { userId: generation.userId }),
      texts.say('result.made_with_ai'),
      texts.say('result.prompt', { prompt: quoted(request.prompt, promptLimit) }),
      texts.say('result.details', {
        preset: presetTitle(settings, request.preset, texts),
        width: result.width,
        height: result.height,
        seed: String(result.seed),
        duration: duration(texts, (finishedAt - generation.createdAt) / 1000),
        gpu: duration(texts, result.engineSeconds),
      }),
      weightsLine(result.weights, texts),
      result.downscaled
        ? texts.say('result.downscaled', { width: request.width, height: request.height })
        : null,
      result.voice === 'not_isolated' ? texts.say('voice.not_isolated') : null,
      lineageLine(generation, texts),
      generation.hiddenAt === null ? null : texts.say('report.hidden'),
      place === 'asked' && isReactedTo(generation) ? texts.say('result.reactions') : null,
      texts.say('result.identifier', { id: generation.id }),
    ],
    {
      mention: generation.userId,
      components:
        generation.hiddenAt === null
          ? actionRow(texts, generation, {
              better: nextPreset(request.preset, settings) !== null,
              remove: true,
              claim: place === 'asked' && isSeenByOthers(generation),
            })
          : buttonRows([
              action('look', '👀', texts.say('button.look'), generation.id),
              action('show', '👁️', texts.say('button.show'), generation.id),
              deleteAction(texts, generation),
              action('purge', '🧹', texts.say('button.purge'), generation.id),
              // Whom a reported video shows may still say so; and two people in one video, each of themselves.
              ...(isSeenByOthers(generation) ? [claimAction(texts, generation.id)] : []),
            ]),
    },
  );
}

/** Whether it stands in a server, where also people see it who did not ask for it; the bot need not be a member there. */
function isSeenByOthers({ guildId, reply }: Generation): boolean {
  return guildId !== null && !reply.private;
}

/**
 * Whether ✉️ and 🚩 do something where it was asked for: the bot hears reactions where it is a member, a direct message is one already,
 * and has nobody to report to.
 */
function isReactedTo({ guildId, reply, hiddenAt }: Generation): boolean {
  return guildId !== null && reply.kind === 'channel' && !reply.private && hiddenAt === null;
}

/** The final message when there is no video: what happened, what to do, and a reference. */
export function renderEnding(
  generation: Generation,
  failure: StoredFailure,
  shown: { readonly prompt: boolean } = { prompt: true },
): RenderedMessage {
  const texts = textsFor(generation.locale);
  const cancelled = failure.code === 'cancelled';
  return message(
    [
      texts.say(cancelled ? 'ending.cancelled' : 'ending.failed', { userId: generation.userId }),
      failureText(texts, failure, generation.id),
      shown.prompt
        ? texts.say('result.prompt', { prompt: quoted(generation.request.prompt, promptLimit) })
        : null,
      texts.say('ending.reference', { id: generation.id }),
    ],
    {
      mention: generation.userId,
      components: actionRow(texts, generation, { better: false, remove: false }),
    },
  );
}
