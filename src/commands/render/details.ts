import { basename } from 'node:path';
import type { GenerateSettings } from '../../config/generate.ts';
import type { Change, Generation, Marking } from '../../queue/contract/generation.ts';
import { beginning, clockTime, duration, quoted } from '../../text/format.ts';
import type { Texts } from '../../text/texts.ts';
import { messageLink } from './message.ts';
import { presetTitle, presetWords } from './preset.ts';

/** Whose work the model is where it is not HuMo's, `weights` as a record or a signature has it; null where it is, or where nobody says. */
export function weightsLine(weights: string | undefined, texts: Texts): string | null {
  if (weights === 'mini') return texts.say('result.weights_mini');
  return weights === 'random' ? texts.say('result.weights_random') : null;
}

/** Where a generation comes from and what is different, in a line; null for one that has no parent. */
export function lineageLine({ lineage, parentId }: Generation, texts: Texts): string | null {
  if (parentId === null || lineage === null) return null;
  const { parentMessage, changes } = lineage;
  const list = new Intl.ListFormat(texts.language, { type: 'unit' }).format(
    changes.map((change) => changeText(change, texts)),
  );
  const what = changes.length === 0 ? texts.say('lineage.nothing') : list;
  if (parentMessage === null) return texts.say('lineage.unlinked', { what });
  const link = messageLink(parentMessage.guildId, parentMessage.channelId, parentMessage.messageId);
  return texts.say('lineage.linked', { link, what });
}

function changeText({ what, from, to }: Change, texts: Texts): string {
  if (what === 'preset' && from !== null && to !== null) {
    return texts.say('change.preset', { from: presetWords(from, texts), to: presetWords(to, texts) });
  }
  if (what === 'shape' && from !== null && to !== null) {
    return texts.say('change.shape', { from: shapeName(from, texts), to: shapeName(to, texts) });
  }
  return texts.say(`change.${what}`, { from: from ?? '', to: to ?? '' });
}

function shapeName(shape: string, texts: Texts): string {
  if (shape === 'landscape' || shape === 'portrait' || shape === 'square') return texts.say(`shape.${shape}`);
  return shape;
}

/** Every shortcut that was taken, in a line; null where there was none. Gating and caching show in the result what they came to. */
function shortcutsLine({ request: { shortcuts }, result }: Generation, texts: Texts): string | null {
  if (shortcuts === undefined) return null;
  const { sampler, guidance, gating, caching, audioStrength = 1, loras = [] } = shortcuts;
  const spared = result?.spared;
  const taken = [
    ...(sampler === undefined || sampler === 'unipc' ? [] : [texts.say('shortcut.sampler', { sampler })]),
    ...(guidance === undefined || guidance === 'full' ? [] : [texts.say(`shortcut.guidance_${guidance}`)]),
    ...(audioStrength === 1 ? [] : [texts.say('shortcut.audio_strength', { strength: audioStrength })]),
    ...loras.map(({ file, strength }) =>
      texts.say('shortcut.lora', { file: basename(file).slice(-60), strength }),
    ),
    ...(gating === undefined || spared === undefined
      ? []
      : [texts.say('shortcut.gating', { passes: spared.gatedPasses })]),
    ...(caching === undefined || spared === undefined
      ? []
      : [texts.say('shortcut.caching', { steps: spared.cachedSteps })]),
  ];
  if (taken.length === 0) return null;
  const list = new Intl.ListFormat(texts.language, { type: 'unit' }).format(taken);
  return texts.say('details.shortcuts', { list: beginning(list, 400) });
}

/** Of results from before it was noted: none was labelled or signed, and the youngest of them have a watermark. */
const unknownMarking: Marking = { label: false, watermark: true, signature: false };

/** Everything about a generation that matters for making it again. */
export function detailLines(
  generation: Generation,
  texts: Texts,
  settings: GenerateSettings,
): (string | null)[] {
  const { request, result } = generation;
  const window = request.audioWindow;
  const scales = Object.entries(request.scales)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ');
  return [
    texts.say('details.heading', { id: generation.id }),
    texts.say('result.prompt', { prompt: quoted(request.prompt, 600) }),
    request.negativePrompt === settings.negativePrompt
      ? null
      : texts.say('details.negative', { prompt: quoted(request.negativePrompt, 300) }),
    texts.say('details.settings', {
      preset: presetTitle(settings, request.preset, texts),
      model: settings.models[request.model].title,
      width: request.width,
      height: request.height,
      frames: request.frames,
      steps: request.steps,
      shift: request.shift,
    }),
    weightsLine(result?.weights, texts),
    texts.say('details.seed', { seed: String(request.seed), scales }),
    shortcutsLine(generation, texts),
    texts.say('details.inputs', { images: request.images.length, mode: request.mode }),
    window === null
      ? null
      : texts.say('details.sound', {
          start: clockTime(window.startSeconds),
          end: clockTime(window.endSeconds),
          total: clockTime(window.sourceSeconds),
        }),
    result?.voice === undefined ? null : texts.say(`voice.${result.voice}`),
    result === null ? null : texts.say('details.gpu', { duration: duration(texts, result.engineSeconds) }),
    unmarkedLine(generation, texts),
    lineageLine(generation, texts),
  ];
}

/** What a video lacks by which it could be told to be made with AI, in a line; null where it lacks nothing. */
function unmarkedLine({ result, reply }: Generation, texts: Texts): string | null {
  if (result === null) return null;
  const { label, watermark, signature } = result.marking ?? unknownMarking;
  const lacks = [
    ...(label ? [] : [texts.say('marking.no_label')]),
    ...(watermark ? [] : [texts.say('marking.no_watermark')]),
    ...(signature ? [] : [texts.say('marking.no_signature')]),
    ...(signature && reply.finalIsSmaller === true ? [texts.say('marking.smaller_copy')] : []),
  ];
  if (lacks.length === 0) return null;
  const list = new Intl.ListFormat(texts.language, { type: 'unit' }).format(lacks);
  return texts.say('details.unmarked', { list });
}
