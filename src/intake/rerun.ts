import { cleanOf } from './clean.ts';
import { titleOfPreset } from '../config/generate.ts';
import type { GenerateSettings } from '../config/generate.ts';
import { ancestorsOf, mostAncestors } from '../queue/contract/generation.ts';
import type { Change, Generation, GenerationRequest, Lineage } from '../queue/contract/generation.ts';
import type { GuildSettings } from '../queue/moderation/moderation.ts';
import { Refusal } from '../refusal.ts';
import { beginning, clockTime } from '../text/format.ts';
import type { GivenFiles } from './intake.ts';
import { chooseMode } from './mode.ts';
import { newSeed } from './request.ts';
import type { Choices } from './request.ts';
import { day } from '../units.ts';

/** Running a generation again, as it is or with changes: for the buttons in Discord and for the HTTP API. */

/** What is asked for when a generation is run again. */
export interface Rerun {
  readonly choices: Choices;
  readonly files: GivenFiles;
  readonly parent: { readonly id: string; readonly lineage: Lineage };
}

/** What was deleted or reported must not come back by another way. @throws Refusal */
export function refuseWithdrawn({ deletedAt, hiddenAt }: Generation): void {
  if (deletedAt !== null) throw new Refusal('again.deleted');
  if (hiddenAt !== null) throw new Refusal('again.reported');
}

/** Inputs are kept as long as the server says that it was asked for in. @throws Refusal */
export function refuseExpired(
  { createdAt }: Generation,
  { keepInputsDays }: Pick<GuildSettings, 'keepInputsDays'>,
  now: number,
): void {
  if (now - createdAt > keepInputsDays * day) throw new Refusal('again.expired', { days: keepInputsDays });
}

/** The same inputs with a new seed. */
export function sameAgain(parent: Generation, settings: GenerateSettings): Rerun {
  return derived(parent, { ...kept(parent, settings), seed: newSeed() }, keptFiles(parent.request), settings);
}

/** The same seed with the next preset up. @throws Refusal when there is none */
export function oneBetter(parent: Generation, settings: GenerateSettings): Rerun {
  const next = nextPreset(parent.request.preset, settings);
  if (next === null) throw new Refusal('again.best_already');
  // Guidance belongs to a model: another preset has its own.
  const { scales: _, ...choices } = kept(parent, settings);
  return derived(parent, { ...choices, preset: next }, keptFiles(parent.request), settings);
}

/** The next preset in the order of `generate.yaml`; null for the last, and for one that is no longer there. */
export function nextPreset(name: string, { presetNames }: GenerateSettings): string | null {
  const index = presetNames.indexOf(name);
  return index === -1 ? null : (presetNames[index + 1] ?? null);
}

/** What a person changed; `negativePrompt` and `scales` stay where they are left out. */
export interface Edits
  extends Omit<Choices, 'mode'>, Pick<GivenFiles, 'images' | 'audio' | 'audioEnd' | 'seconds'> {
  readonly audioStart: number | null;
}

/** The parent with a person's changes. */
export function edited(parent: Generation, edits: Edits, settings: GenerateSettings): Rerun {
  const { prompt, preset, shape, seed, images, audio, audioEnd, seconds } = edits;
  const { scales, ...before } = kept(parent, settings);
  const files = { images, audio, audioStart: edits.audioStart ?? 0, audioEnd, seconds };
  const mode = chooseMode({
    images: 'kept' in images ? images.kept.length : images.length,
    // Words that nobody has said yet are a sound all the same.
    hasAudio: audio !== null && !('kept' in audio && audio.kept.audio === null && audio.kept.speech === null),
    hasAudioStart: edits.audioStart !== null,
  });
  const negativePrompt = edits.negativePrompt ?? before.negativePrompt;
  const clean = edits.clean ?? before.clean;
  const choices = { ...before, prompt, negativePrompt, preset, shape, seed, clean, mode };
  // Guidance belongs to a model: another preset has its own.
  const guided = { ...(preset === before.preset ? scales : {}), ...edits.scales };
  return derived(parent, { ...choices, scales: guided }, files, settings);
}

function kept({ request }: Generation, settings: GenerateSettings): Choices {
  const { mode, prompt, shape, seed, scales } = request;
  // The deployment's own words are nobody's choice: a server's filter has no say in them.
  const negativePrompt =
    request.negativePrompt === settings.negativePrompt ? undefined : request.negativePrompt;
  // A preset that this deployment no longer has cannot be run again.
  const isThere = settings.presetNames.includes(request.preset);
  const preset = isThere ? request.preset : settings.defaultPreset;
  return {
    mode,
    prompt,
    negativePrompt,
    shape,
    seed,
    clean: cleanOf(request),
    preset,
    ...(isThere ? { scales: { audio: scales.audio, text: scales.text } } : {}),
  };
}

/** All files of a request as they are. */
function keptFiles(request: GenerationRequest): GivenFiles {
  return { images: { kept: request.images }, audio: { kept: keptSound(request) }, audioStart: 0 };
}

export function keptSound(request: GenerationRequest) {
  const { audio, soundtrack, originalAudio, audioWindow, frames, speech } = request;
  return { audio, soundtrack, originalAudio, audioWindow, frames, speech };
}

function derived(parent: Generation, choices: Choices, files: GivenFiles, settings: GenerateSettings): Rerun {
  const lineage: Lineage = {
    parentMessage: publicMessageOf(parent),
    changes: changesBetween(parent.request, choices, files, settings),
    ancestors: [...ancestorsOf(parent), parent.id].filter(
      (_, index, all) => index === 0 || index > all.length - mostAncestors,
    ),
  };
  return { choices, files, parent: { id: parent.id, lineage } };
}

/** Where everyone who sees the new result can see the old one. */
function publicMessageOf({ reply, guildId }: Generation): Lineage['parentMessage'] {
  const { finalChannelId: channelId, finalMessageId: messageId } = reply;
  if (channelId === null || messageId === null || reply.private || channelId !== reply.channelId) return null;
  return { guildId, channelId, messageId };
}

function changesBetween(
  before: GenerationRequest,
  after: Choices,
  files: GivenFiles,
  settings: GenerateSettings,
): Change[] {
  const changes: Change[] = [];
  const add = (what: Change['what'], from: string | null = null, to: string | null = null): void => {
    changes.push({ what, from, to });
  };
  if (before.preset !== after.preset) {
    const title = (name: string) => beginning(titleOfPreset(settings, name), 100);
    add('preset', title(before.preset), title(after.preset));
  }
  if (before.shape !== after.shape) add('shape', before.shape, after.shape);
  if (before.prompt !== after.prompt) add('prompt');
  if (!('kept' in files.images)) add('images');
  const { audio } = files;
  if (audio !== null && 'stored' in audio) {
    add('audio_start', clockTime(before.audioWindow?.startSeconds ?? 0), clockTime(files.audioStart));
  } else if (audio !== null && 'words' in audio) add('speech');
  else if (audio !== null && !('kept' in audio)) add('audio');
  if (before.seed !== after.seed) add('seed', String(before.seed), String(after.seed));
  return changes;
}
