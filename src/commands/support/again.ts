import type { GenerateSettings } from '../../config/generate.ts';
import type { GivenFiles } from '../../intake/intake.ts';
import type { Choices } from '../../intake/request.ts';
import { chooseMode } from '../../intake/mode.ts';
import { reachable } from '../../intake/take-on.ts';
import type { Change, Generation, GenerationRequest, Lineage } from '../../queue/contract.ts';
import { Failure } from '../../failure.ts';
import { Refusal } from '../../refusal.ts';
import { clockTime } from '../../text/format.ts';
import { newSeed } from './ask.ts';
import type { Wish } from './ask.ts';
import type { Services } from './services.ts';

/** Two taps of one person within this are one: milliseconds. */
const doubleTap = 3_000;

const day = 24 * 60 * 60_000;

/** Who wants something of a generation that exists, and where: `guildId` is null outside of servers. */
export interface Asker {
  readonly userId: string;
  readonly guildId: string | null;
}

/**
 * Whether somebody may know of a generation where they are: its own server sees what was made there in public, and the person who
 * asked for it sees it in direct messages, too, where it comes when the server cannot be reached.
 */
export function isSeenBy(generation: Generation, { userId, guildId }: Asker): boolean {
  const isTheirs = generation.userId === userId;
  if (generation.reply.private && !isTheirs) return false;
  return generation.guildId === guildId || (guildId === null && isTheirs);
}

/**
 * The generation that somebody wants to run again, if they may and its inputs are still kept.
 *
 * @throws Refusal that says how to go on
 */
export async function parentOf(
  generation: Generation | null,
  asker: Asker,
  services: Services,
): Promise<Generation> {
  // What belongs to another server is as good as not there.
  if (generation === null || !isSeenBy(generation, asker)) throw new Refusal('again.gone');
  refuseWithdrawn(generation);
  if (generation.guildId === null) return generation;
  const rules = await reachable(services.moderation.guild(generation.guildId));
  if (!rules.rerunOthers && generation.userId !== asker.userId) throw new Refusal('again.not_yours');
  if (services.now() - generation.createdAt > rules.keepInputsDays * day) {
    throw new Refusal('again.expired', { days: rules.keepInputsDays });
  }
  return generation;
}

/**
 * The generation that somebody reacted to; null when they like a message of ours that is none.
 *
 * @throws Refusal when it was one, and its record is no longer kept
 */
export async function reactedTo(
  { messageId }: { readonly messageId: string },
  { queue }: Pick<Services, 'queue'>,
): Promise<Generation | null> {
  const generation = await queue.byMessage(messageId);
  if (generation === null && (await queue.wasMessage(messageId))) throw new Refusal('again.gone');
  return generation;
}

/** Whether what comes of it is for one person alone: as the parent was, or as they want all of theirs. */
export async function isPrivateFor(userId: string, parent: Generation, services: Services): Promise<boolean> {
  return parent.reply.private || (await reachable(services.people.preferences(userId))).private;
}

/** What was deleted or reported must not come back by another way. @throws Refusal */
export function refuseWithdrawn({ deletedAt, hiddenAt }: Generation): void {
  if (deletedAt !== null) throw new Refusal('again.deleted');
  if (hiddenAt !== null) throw new Refusal('again.reported');
}

/** A person's tap on a generation. */
export interface Tap {
  /** what it does */
  readonly way: string;
  readonly userId: string;
  readonly parentId: string;
  /** Discord's id of it, the same in every bot that hears it; a reaction has none */
  readonly id?: string;
}

/**
 * Takes a tap on, unless it is the second of two quick ones. One that is refused has not counted: whoever taps again is told why
 * again, or has what they asked for.
 *
 * @returns false for the second
 */
export async function onFirstTap(
  { way, userId, parentId, id }: Tap,
  { queue }: Pick<Services, 'queue'>,
  work: () => Promise<void>,
): Promise<boolean> {
  const key = `${way}:${userId}:${parentId}`;
  if (!(await reachable(queue.claim(key, doubleTap, id)))) return false;
  try {
    await work();
  } catch (error) {
    // Only what is known to have come to nothing: another bot may have taken the same tap on.
    if (error instanceof Refusal || (error instanceof Failure && error.identifier !== 'queue_uncertain')) {
      await queue.unclaim(key).catch(() => undefined);
    }
    throw error;
  }
  return true;
}

/** The same inputs with a new seed. */
export function sameAgain(parent: Generation, settings: GenerateSettings): Omit<Wish, 'private'> {
  return derived(parent, { ...kept(parent, settings), seed: newSeed() }, keptFiles(parent.request), settings);
}

/** The same seed with the next preset up. @throws Refusal when there is none */
export function oneBetter(parent: Generation, settings: GenerateSettings): Omit<Wish, 'private'> {
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

/** What a person changed in the form; what is left out stays. */
export interface Edits extends Pick<Choices, 'prompt' | 'preset' | 'shape' | 'seed'> {
  readonly audioStart: number | null;
  readonly images: GivenFiles['images'];
  readonly audio: GivenFiles['audio'];
}

/** The parent with a person's changes. */
export function edited(parent: Generation, edits: Edits, settings: GenerateSettings): Omit<Wish, 'private'> {
  const { prompt, preset, shape, seed, images, audio } = edits;
  const { scales, ...before } = kept(parent, settings);
  const files = { images, audio, audioStart: edits.audioStart ?? 0 };
  const mode = chooseMode({
    images: 'kept' in images ? images.kept.length : images.length,
    // Words that nobody has said yet are a sound all the same.
    hasAudio: audio !== null && !('kept' in audio && audio.kept.audio === null && audio.kept.speech === null),
    hasAudioStart: edits.audioStart !== null,
  });
  const choices = { ...before, prompt, preset, shape, seed, mode };
  return derived(parent, preset === before.preset ? { ...choices, scales } : choices, files, settings);
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
    preset,
    ...(isThere ? { scales: { audio: scales.audio, text: scales.text } } : {}),
  };
}

/** All files of a request as they are. */
export function keptFiles(request: GenerationRequest): GivenFiles {
  return { images: { kept: request.images }, audio: { kept: keptSound(request) }, audioStart: 0 };
}

export function keptSound(request: GenerationRequest) {
  const { audio, soundtrack, originalAudio, audioWindow, frames, speech } = request;
  return { audio, soundtrack, originalAudio, audioWindow, frames, speech };
}

function derived(
  parent: Generation,
  choices: Choices,
  files: GivenFiles,
  settings: GenerateSettings,
): Omit<Wish, 'private'> {
  const lineage: Lineage = {
    parentMessage: publicMessageOf(parent),
    changes: changesBetween(parent.request, choices, files, settings),
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
    add('preset', titleOf(before.preset, settings), titleOf(after.preset, settings));
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

/** The title of a preset, or its name where the settings no longer have it. */
function titleOf(name: string, settings: GenerateSettings): string {
  const title = settings.presetNames.includes(name)
    ? settings.preset(name, settings.defaultShape).title
    : name;
  return title.slice(0, 100);
}
