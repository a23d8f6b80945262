import { presetsOf } from '../../config/generate.ts';
import type { GenerateSettings } from '../../config/generate.ts';
import { isOpen } from '../../queue/contract/generation.ts';
import type { Generation, GenerationProgress, QueuePosition } from '../../queue/contract/generation.ts';
import type { Admission } from '../../queue/moderation/moderation.ts';
import { bar, clockTime, duration, quoted } from '../../text/format.ts';
import { isTextKey, textsFor } from '../../text/texts.ts';
import type { Texts } from '../../text/texts.ts';
import type { Advice } from '../../intake/intake.ts';
import { lineageLine } from './details.ts';
import { message, messageLink, stopRow } from './message.ts';
import type { RenderedMessage } from './message.ts';
import { presetTitle } from './preset.ts';

export interface StatusView {
  readonly generation: Generation;
  /** where it stands; null once it runs */
  readonly position: QueuePosition | null;
  readonly advice: readonly Advice[];
  readonly settings: GenerateSettings;
  /** what holds it, and what the people who run the bot want to be read */
  readonly notices?: Notices;
}

/** What moderators and owners have said that concerns a generation that waits or runs. */
export type Notices = Pick<Admission, 'pause' | 'globalPause' | 'maintenance'> &
  Partial<Pick<Admission, 'wakingUntil' | 'modelsAtWork'>>;

/** characters of a reason or a message of theirs */
const noticeCharacters = 300;

/** The status message while a generation waits or runs. */
export function renderStatus({
  generation,
  position,
  advice,
  settings,
  notices,
}: StatusView): RenderedMessage {
  const texts = textsFor(generation.locale);
  const controls = isOpen(generation);
  return message(
    [
      headline(texts, generation, position, notices, settings),
      lineageLine(generation, texts),
      inputsLine(texts, generation, settings),
      takeLine(texts, generation),
      settingsLine(texts, generation, settings),
      generation.status === 'queued'
        ? texts.say(position?.measured === false ? 'status.cost_guess' : 'status.cost', {
            duration: duration(texts, generation.costSeconds),
          })
        : null,
      ...adviceLines(texts, generation, advice, settings),
      routeLine(texts, generation),
      maintenanceLine(texts, notices),
      texts.say('status.identifier', { id: generation.id }),
    ],
    { components: controls ? stopRow(texts, generation.id) : [] },
  );
}

/** The status message once the final message stands: it points there, and has no controls any more. */
export function renderPointer(
  generation: Generation,
  final: { readonly channelId: string; readonly messageId: string; readonly linkable: boolean } | null,
): RenderedMessage {
  const texts = textsFor(generation.locale);
  const succeeded = generation.result !== null && generation.failure === null;
  if (generation.deletedAt !== null) return renderDeleted(generation.id, texts);
  const tail = texts.say('status.identifier', { id: generation.id });
  if (final === null) return message([texts.say('status.undeliverable'), tail]);
  const elsewhere = final.channelId !== generation.reply.channelId;
  const link = messageLink(elsewhere ? null : generation.guildId, final.channelId, final.messageId);
  if (!final.linkable) {
    return message([texts.say(succeeded ? 'status.delivered_private' : 'status.ended_private'), tail]);
  }
  if (!succeeded) return message([texts.say('status.ended', { link }), tail]);
  return message([texts.say(elsewhere ? 'status.delivered_direct' : 'status.delivered', { link }), tail]);
}

/** A status message that another one has taken over from. */
export function renderMoved(
  { id, locale, guildId }: Generation,
  { channelId, messageId }: { readonly channelId: string; readonly messageId: string },
): RenderedMessage {
  const texts = textsFor(locale);
  const link = messageLink(guildId, channelId, messageId);
  return message([texts.say('status.moved', { link }), texts.say('status.identifier', { id })]);
}

/** The last words of a status message that nobody can edit any more from now on: no times, which would soon be past. */
export function renderLastWords({ id, locale }: Generation): RenderedMessage {
  const texts = textsFor(locale);
  return message([texts.say('status.last_words'), texts.say('status.identifier', { id })], {
    components: stopRow(texts, id),
  });
}

/** The status message of what nobody knows of any more. */
export function renderLost({ id, locale }: Pick<Generation, 'id' | 'locale'>): RenderedMessage {
  const texts = textsFor(locale);
  return message([texts.say('status.lost'), texts.say('status.identifier', { id })]);
}

/** The status message once the final message was deleted. */
export function renderDeleted(id: string, texts: Texts): RenderedMessage {
  return message([texts.say('again.deleted'), texts.say('status.identifier', { id })]);
}

/** How far it is, in a line or two. */
export function headline(
  texts: Texts,
  generation: Generation,
  position: QueuePosition | null,
  notices?: Notices,
  settings?: GenerateSettings,
): string {
  if (generation.status === 'queued' && position !== null && position.position > 0) {
    const values = {
      position: position.position,
      waiting: Math.max(position.waiting, position.position),
      start: Math.round(position.expectedStartAt / 1000),
      end: Math.round(position.expectedEndAt / 1000),
    };
    if (position.held !== null) return heldText(texts, position, notices);
    if (position.workers === 0) {
      const waking = notices?.wakingUntil ?? null;
      if (waking === null) {
        const others = settings === undefined ? [] : presetsOf(notices?.modelsAtWork ?? [], settings);
        if (settings === undefined || others.length === 0)
          return texts.say('status.queued_no_worker', values);
        const list = new Intl.ListFormat(texts.language, { type: 'unit' });
        const titled = (name: string) =>
          texts.say('status.preset_named', { preset: presetTitle(settings, name, texts) });
        return texts.say('status.queued_other_machines', {
          ...values,
          others: list.format(others.map(titled)),
        });
      }
      return texts.say('status.queued_waking', { ...values, ready: Math.round(waking / 1000) });
    }
    return position.position === 1 ? texts.say('status.next', values) : texts.say('status.queued', values);
  }
  const progress: GenerationProgress = generation.progress ?? {
    stage: 'prepare',
    step: 0,
    steps: 0,
    etaSeconds: null,
    preview: null,
  };
  const name = texts.say(`status.stage.${progress.stage}`);
  const stage =
    progress.shot === undefined ? name : texts.say('status.stage_of_shot', { stage: name, ...progress.shot });
  const share = progress.steps > 0 ? progress.step / progress.steps : 0;
  const line =
    progress.stage === 'denoise' && progress.steps > 0
      ? texts.say('status.running_steps', {
          stage,
          bar: bar(share),
          step: progress.step,
          steps: progress.steps,
        })
      : texts.say('status.running', { stage, bar: bar(share), percent: Math.round(share * 100) });
  if (progress.etaSeconds === null) return line;
  return `${line}\n${texts.say('status.time_left', { duration: duration(texts, progress.etaSeconds) })}`;
}

/** It waits for the end of a pause: since when it is the first in line does not matter, why and until when does. */
function heldText(texts: Texts, position: QueuePosition, notices: Notices | undefined): string {
  const { held, heldUntil } = position;
  const key = held === 'guild' ? 'status.held_guild' : 'status.held_deployment';
  const pause = held === 'guild' ? notices?.pause : notices?.globalPause;
  const reason = pause?.reason ?? null;
  const lines = [
    texts.say(key, {
      position: position.position,
      waiting: Math.max(position.waiting, position.position),
    }),
    reason === null ? null : texts.say('status.held_reason', { reason: quoted(reason, noticeCharacters) }),
    heldUntil === null ? null : texts.say('status.held_until', { until: Math.round(heldUntil / 1000) }),
  ];
  return lines.filter((line) => line !== null).join('\n');
}

function maintenanceLine(texts: Texts, notices: Notices | undefined): string | null {
  const said = notices?.maintenance ?? null;
  return said === null ? null : texts.say('status.maintenance', { message: quoted(said, noticeCharacters) });
}

function inputsLine(texts: Texts, { request }: Generation, settings: GenerateSettings): string {
  const seconds = (request.frames / settings.fps).toFixed(2);
  const window = request.audioWindow;
  if (window === null) return texts.say('status.no_audio', { frames: request.frames, seconds });
  return texts.say('status.audio', {
    start: clockTime(window.startSeconds),
    end: clockTime(window.endSeconds),
    total: clockTime(window.sourceSeconds, window.sourceSeconds < 60),
    frames: request.frames,
    seconds,
  });
}

/** How it is made where the model does not see all of it at once. */
function takeLine(texts: Texts, { request: { take } }: Generation): string | null {
  if (take === null) return null;
  const values = { windows: take.windows, shots: take.shots.length };
  return texts.say(take.shots.length > 1 ? 'status.take_shots' : 'status.take_windows', values);
}

function settingsLine(texts: Texts, { request }: Generation, settings: GenerateSettings): string {
  return texts.say('status.settings', {
    preset: presetTitle(settings, request.preset, texts),
    width: request.width,
    height: request.height,
    steps: request.steps,
    seed: String(request.seed),
  });
}

function adviceLines(
  texts: Texts,
  { request }: Generation,
  advice: readonly Advice[],
  settings: GenerateSettings,
): string[] {
  const lines = advice.flatMap(({ identifier, context }) => {
    const key = `advice.${identifier}`;
    return isTextKey(key) ? [texts.say(key, context)] : [];
  });
  if (request.take === null && request.frames > settings.frames.warnAbove) {
    lines.push(texts.say('advice.frames_beyond_training', { frames: settings.frames.warnAbove }));
  }
  const notes = lines.length === 0 ? [] : [texts.say('advice.heading'), ...lines.map((line) => `- ${line}`)];
  if (settings.weights === 'random') notes.push(texts.say('advice.random_weights'));
  if (settings.weights === 'mini') notes.push(texts.say('advice.mini_weights'));
  return notes;
}

function routeLine(texts: Texts, { reply, guildId }: Generation): string | null {
  if (reply.kind === 'channel') return null;
  if (reply.private) return texts.say('status.private_route');
  return texts.say(guildId === null ? 'status.group_route' : 'status.direct_route');
}

/** What the headline leaves out: the time left while the engine does not say, and that times are guesses. */
function timesLine(
  texts: Texts,
  { status, progress }: Generation,
  { expectedEndAt, measured, guess, workers, held }: QueuePosition,
  now: number,
): string[] {
  if (status === 'queued') return guess && workers > 0 && held === null ? [texts.say('jobs.guess')] : [];
  const left = (expectedEndAt - now) / 1000;
  // It takes longer than was thought: nobody knows.
  if (status !== 'running' || (progress?.etaSeconds ?? null) !== null || left <= 0) return [];
  const line = texts.say('status.time_left', { duration: duration(texts, left) });
  return measured ? [line] : [line, texts.say('jobs.guess')];
}

/** A generation that waits or runs, in one entry of a list: what, how far, and where. Why a pause holds it stands in its status message. */
export function jobLine(
  generation: Generation,
  position: QueuePosition,
  texts: Texts,
  { characters, now }: { readonly characters: number; readonly now: number },
): string {
  const { channelId, statusMessageId, private: isPrivate } = generation.reply;
  const prompt = quoted(generation.request.prompt, Math.min(60, characters));
  const place =
    channelId === null || statusMessageId === null || isPrivate
      ? ''
      : ` ${messageLink(generation.guildId, channelId, statusMessageId)}`;
  const parts = [
    headline(texts, generation, position).replaceAll('\n', ' '),
    ...timesLine(texts, generation, position, now),
  ];
  return `${prompt}${place}\n-# ${parts.join(' ')}`;
}
