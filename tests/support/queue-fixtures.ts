import { pino } from 'pino';
import { monotonicFactory } from 'ulid';
import { join } from 'node:path';
import type { CommonConfig } from '../../src/config/environment.ts';
import { projectRoot } from '../../src/config/environment.ts';
import { loadGenerateSettings } from '../../src/config/generate.ts';
import type {
  GenerationRequest,
  GenerationResult,
  NewGeneration,
} from '../../src/queue/contract/generation.ts';
import { generationRequestSchema, generationResultSchema } from '../../src/queue/contract/generation.ts';

export const silent = pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' });

/** The configuration of a process whose locks lapse soon, so that tests of crashes are short. */
export function testConfig(url: string, folder: string, prefix = 'test'): CommonConfig {
  return {
    redis: { url, prefix, lockSeconds: 1 },
    dataDirectory: folder,
    artifacts: { kind: 'file', directory: join(folder, 'artifacts') },
    generate: loadGenerateSettings(join(projectRoot, 'generate.yaml'), 'tiny'),
    health: null,
    logLevel: 'silent',
  };
}

export function testRequest(change: Partial<GenerationRequest> = {}): GenerationRequest {
  return generationRequestSchema.parse({
    version: 1,
    mode: 'TI',
    prompt: 'a person speaks',
    negativePrompt: '',
    images: [],
    audio: null,
    soundtrack: null,
    audioWindow: null,
    preset: 'standard',
    shape: 'landscape',
    model: '17b',
    width: 64,
    height: 32,
    frames: 5,
    steps: 4,
    shift: 5,
    scales: { audio: 5.5, text: 5 },
    seed: 7,
    vocals: false,
    limitBytes: 10 * 2 ** 20,
    ...change,
  });
}

/** Ids of one millisecond are in the order of their making, too: lists of equal times go by the id. */
const nextId = monotonicFactory();

export function testDraft(
  userId: string,
  change: Partial<Omit<NewGeneration, 'request'>> & { request?: Partial<GenerationRequest> } = {},
): NewGeneration {
  const { request, ...rest } = change;
  return {
    id: nextId(),
    parentId: null,
    userId,
    guildId: '2000',
    locale: 'en-GB',
    request: testRequest(request),
    reply: {
      kind: 'channel',
      channelId: '3000',
      guildId: '2000',
      private: false,
      interactionToken: null,
      tokenExpiresAt: null,
      statusMessageId: null,
      finalChannelId: null,
      finalMessageId: null,
    },
    costSeconds: 10,
    ...rest,
  };
}

export function testResult(id: string, change: Partial<GenerationResult> = {}): GenerationResult {
  return generationResultSchema.parse({
    version: 1,
    video: `videos/${id}.mp4`,
    bytes: 1000,
    width: 64,
    height: 32,
    seconds: 0.2,
    downscaled: false,
    weights: 'random',
    seed: 7,
    engineSeconds: 1,
    encodeSeconds: 0.1,
    peakGiB: null,
    warnings: [],
    ...change,
  });
}
