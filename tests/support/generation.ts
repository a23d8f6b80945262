import { ulid } from 'ulid';
import { contractVersion, generationSchema } from '../../src/queue/contract/generation.ts';
import type {
  Generation,
  GenerationRequest,
  GenerationResult,
  ReplyTarget,
} from '../../src/queue/contract/generation.ts';

/** A valid record for tests, with what a test wants to be different. */
export function generationWith(
  change: Omit<Partial<Generation>, 'request' | 'reply'> & {
    request?: Partial<GenerationRequest>;
    reply?: Partial<ReplyTarget>;
  } = {},
): Generation {
  return generationSchema.parse({
    version: contractVersion,
    id: ulid(),
    parentId: null,
    lineage: null,
    userId: '100000000000000001',
    guildId: '200000000000000001',
    locale: 'en-US',
    status: 'queued',
    costSeconds: 600,
    attempts: 0,
    workerId: null,
    progress: null,
    result: null,
    failure: null,
    createdAt: 1_800_000_000_000,
    startedAt: null,
    finishedAt: null,
    deliveredAt: null,
    hiddenAt: null,
    deletedAt: null,
    ...change,
    request: {
      version: contractVersion,
      mode: 'TIA',
      prompt: 'A woman tells a joke',
      negativePrompt: '',
      images: ['images/1.png'],
      audio: 'audio/1.wav',
      soundtrack: 'audio/1.flac',
      audioWindow: { startSeconds: 12, endSeconds: 15.88, sourceSeconds: 63 },
      preset: 'standard',
      shape: 'landscape',
      model: '17b',
      width: 832,
      height: 480,
      frames: 97,
      steps: 50,
      shift: 5,
      scales: { audio: 5.5, text: 5 },
      seed: 42,
      vocals: false,
      limitBytes: 10_000_000,
      ...change.request,
    },
    reply: {
      kind: 'channel',
      channelId: '300000000000000001',
      guildId: '200000000000000001',
      private: false,
      interactionToken: 'token',
      tokenExpiresAt: 1_800_000_900_000,
      statusMessageId: '400000000000000001',
      finalChannelId: null,
      finalMessageId: null,
      ...change.reply,
    },
  });
}

/** A valid result for tests. */
export function resultWith(change: Partial<GenerationResult> = {}): GenerationResult {
  return {
    version: contractVersion,
    video: 'videos/1.mp4',
    bytes: 1_000_000,
    width: 832,
    height: 480,
    seconds: 3.88,
    downscaled: false,
    weights: 'official',
    seed: 42,
    engineSeconds: 612,
    encodeSeconds: 2,
    peakGiB: 38,
    warnings: [],
    ...change,
  };
}
