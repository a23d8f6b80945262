import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { ulid } from 'ulid';
import { admit, refuseOverLimit } from '../intake/check-admission.ts';
import type { Person } from '../intake/check-admission.ts';
import type { Advice, GivenFiles, GivenWords, TakenFiles } from '../intake/intake.ts';
import { framesForWords, framesWithoutSound, windowOf } from '../intake/lengths.ts';
import { fetchedVideoBytes } from '../intake/upload-limit.ts';
import { chooseMode } from '../intake/mode.ts';
import { newSeed, writtenTexts } from '../intake/request.ts';
import type { Choices } from '../intake/request.ts';
import { edited, keptSound, refuseExpired, refuseWithdrawn } from '../intake/rerun.ts';
import type { Rerun } from '../intake/rerun.ts';
import { estimate, longestFor, acceptRequest } from '../intake/accept-request.ts';
import { reachable } from '../queue/reachable.ts';
import type { Estimated } from '../intake/accept-request.ts';
import { openScratch } from '../media/scratch.ts';
import { apiReply } from '../queue/contract/generation.ts';
import type { Generation } from '../queue/contract/generation.ts';
import { speechFailure } from '../queue/jobs/speech.ts';
import type { Voice } from '../queue/jobs/speech.ts';
import type { Admission } from '../queue/moderation/moderation.ts';
import { Failure } from '../failure.ts';
import type { Idempotency } from '../queue/idempotency.ts';
import type { Webhooks } from '../queue/delivery/webhook-deliveries.ts';
import { Refusal } from '../refusal.ts';
import { textsFor } from '../text/texts.ts';
import { identityFor } from './identity.ts';
import type { Lookup } from './lookup.ts';
import { onceOnly } from './idempotency-key.ts';
import { languageFor, Problem, problems } from './problem.ts';
import {
  acceptedSchema,
  createChangesSchema,
  createFormChangesSchema,
  createOrderSchema,
  createQuery,
  createSketchSchema,
  estimateSchema,
  idParameters,
  onceHeaders,
} from './schemas.ts';
import type { Changes, Order } from './schemas.ts';
import type { Pace } from './body.ts';
import type { ApiParts } from './server.ts';
import { mostUploadBytes, readOrder, receiveForm } from './upload.ts';
import { digestOf, unsaidInChanges, unsaidInOrder } from './understood.ts';
import type { UploadPlaces } from './upload-places.ts';
import { aboutMachines, adviceView, positionView, requestView } from './view.ts';
import { webhookTarget } from './webhook.ts';

/** New generations of one token in a minute; more would only meet the limit of waiting ones. */
const ordersPerMinute = 60;

const security = [{ token: [] }];

interface OrderParts extends ApiParts {
  readonly pace: Pace;
  readonly idempotency: Idempotency;
  readonly webhooks: Webhooks;
}

/** Whatever asks for a video, or for what one would cost. */
export function orderRoutes(
  plain: FastifyInstance,
  parts: OrderParts,
  lookup: Lookup,
  places: UploadPlaces,
): void {
  const app = plain.withTypeProvider<ZodTypeProvider>();
  const { config, queue, moderation, stopping } = parts;
  const settings = config.generate;
  const orderSchema = createOrderSchema(settings);
  const formChangesSchema = createFormChangesSchema(settings);
  const rateLimit = { max: Math.min(ordersPerMinute, config.api.requestsPerMinute) };

  /** What somebody may now, while `work` makes use of it: requests whose files are on their way count as well. */
  const entered = async <T>(
    { userId }: { readonly userId: string },
    work: (person: Person, admission: Admission) => Promise<T>,
  ): Promise<T> => {
    const person = { userId, guildId: null, roleIds: [] };
    if (stopping.aborted) throw new Refusal('refused.stopping');
    try {
      // Before the files are on their way: who may ask nothing need not send anything.
      const admission = await reachable(admit(person, [], parts));
      const leave = await reachable(parts.waitingLimit.enter(person, admission.limits.waiting));
      try {
        return await work(person, admission);
      } finally {
        leave();
      }
    } catch (error) {
      // Whatever broke off because the process stops is no fault of the files.
      throw stopping.aborted ? new Refusal('refused.stopping') : await refuseOverLimit(error, person, queue);
    }
  };
  /** A dry run says it, too: otherwise it would promise what the real one refuses. */
  const requireTarget = (webhook: string | undefined): void => {
    if (webhook !== undefined && webhookTarget(webhook, config.api.webhookOwnHosts) === null) {
      throw new Problem(400, 'webhook_refused', { paths: ['webhook'] });
    }
  };
  const accept = async (
    request: FastifyRequest,
    id: string,
    wish: Omit<Rerun, 'parent'> & Partial<Pick<Rerun, 'parent'>>,
    person: Person,
    admission: Admission,
    webhook: string | undefined,
  ) => {
    const { name } = identityFor(request);
    requireTarget(webhook);
    await reachable(admit(person, writtenTexts(wish), parts));
    // It may end before this has answered.
    if (webhook !== undefined) await reachable(parts.webhooks.subscribe(id, { url: webhook, token: name }));
    try {
      const { generation, advice } = await acceptRequest(orderOf(request, id, wish, person, admission), {
        ...{ settings, queue, stopping },
        intake: parts.intake,
      });
      request.log.info({ generationId: generation.id, caller: name }, 'accepted');
      return await acceptedView(generation, advice, request);
    } catch (error) {
      const isUncertain = error instanceof Failure && error.identifier === 'queue_uncertain';
      if (webhook !== undefined && !isUncertain) await parts.webhooks.unsubscribe(id).catch(() => undefined);
      throw error;
    }
  };
  const recovered = async (id: string, request: FastifyRequest) => {
    const generation = await reachable(queue.get(id));
    return generation === null ? null : acceptedView(generation, [], request);
  };
  const acceptedView = async (generation: Generation, advice: readonly Advice[], request: FastifyRequest) => {
    const view = await lookup.show(generation, request);
    const { userId, guildId } = generation;
    const isUnserved = view.position?.workers === 0;
    const admission = isUnserved
      ? await reachable(moderation.admission({ userId, guildId, roleIds: [] }))
      : null;
    const all = admission === null ? advice : [...advice, ...aboutMachines(admission, settings)];
    return { ...view, advice: adviceView(all, textsFor(languageFor(request))) };
  };
  const estimateView = async (
    { draft, position }: Estimated,
    advice: readonly Advice[],
    admission: Admission,
    request: FastifyRequest,
  ) => ({
    request: requestView(draft.request, settings),
    gpuSeconds: draft.costSeconds,
    position: positionView(position, admission),
    advice: adviceView(
      position.workers > 0 ? advice : [...advice, ...aboutMachines(admission, settings)],
      textsFor(languageFor(request)),
    ),
  });
  const estimated = async (
    request: FastifyRequest,
    wish: { readonly choices: Choices; readonly files: GivenFiles },
    person: Person,
    admission: Admission,
    take: (id: string) => Promise<TakenFiles>,
  ) => {
    await reachable(admit(person, writtenTexts(wish), parts));
    requireVoice(wish.files, await reachable(parts.speech.voices()));
    const order = orderOf(request, ulid(), wish, person, admission);
    const taken = await take(order.id);
    return estimateView(await estimate(order, taken, { settings, queue }), taken.advice, admission, request);
  };

  app.post(
    '/v1/generations',
    {
      config: { scope: 'generate', rateLimit, body: 'form' },
      schema: {
        operationId: 'createGeneration',
        summary: 'Asks for a video',
        description:
          'The same queue, limits and checks as `/humo` in Discord. Files are checked before this answers; the video is made later. With `dryRun=true` nothing is made: it answers what the video would cost and when it would be there, or why it would be refused.',
        tags: ['generations'],
        security,
        consumes: ['multipart/form-data'],
        querystring: createQuery,
        headers: onceHeaders,
        response: {
          200: estimateSchema,
          201: acceptedSchema,
          ...problems(400, 408, 409, 410, 413, 415, 422),
        },
      },
    },
    (request, reply) =>
      places.during(identityFor(request).name, async () => {
        await using scratch = await openScratch(parts.scratchRoot, 'api');
        const rules = { folder: scratch.path, limit: mostUploadBytes, pace: parts.pace };
        const receive = async () => {
          const upload = await receiveForm(request, reply, rules);
          const digest = digestOf(upload.order, orderSchema, unsaidInOrder, upload.contents);
          return { input: upload, digest };
        };
        if (request.query.dryRun === 'true') {
          return await entered(identityFor(request), async (person, admission) => {
            const { input } = await receive();
            const { webhook, ...order } = readOrder(request, input.order, orderSchema);
            requireTarget(webhook);
            const wish = wishOf(order, input, request);
            return estimated(request, wish, person, admission, (id) => looked(id, wish.files, admission));
          });
        }
        const view = await onceOnly(request, reply, parts.idempotency, {
          receive,
          recover: (id) => recovered(id, request),
          work: (id, received) =>
            entered(identityFor(request), async (person, admission) => {
              const upload = await received();
              const { webhook, agreed, ...order } = readOrder(request, upload.order, orderSchema);
              // What is told only here is noted with each request, and nowhere for the next one.
              if (!agreed && (upload.images.length > 0 || upload.audio !== null)) {
                throw new Refusal('refused.not_agreed');
              }
              return accept(request, id, wishOf(order, upload, request), person, admission, webhook);
            }),
        });
        reply.code(201).header('location', view.links.self);
        return view;
      }),
  );

  /** Checks files and counts the sound, and keeps nothing. Words are not spoken for it: how long they are is a guess. */
  const looked = async (id: string, files: GivenFiles, admission: Admission): Promise<TakenFiles> => {
    const mostSeconds = longestFor(admission, settings);
    const { audio } = files;
    const words = audio !== null && 'words' in audio ? audio : null;
    try {
      const taken = await parts.intake.take(
        id,
        words === null ? files : { ...files, audio: null, seconds: null },
        stopping,
        mostSeconds,
      );
      return words === null ? taken : { ...taken, ...unspoken(words, files.seconds ?? null, mostSeconds) };
    } finally {
      await parts.intake.discard(id).catch(() => undefined);
    }
  };
  const unspoken = (
    { words, voice, language }: GivenWords,
    seconds: number | null,
    mostSeconds: number,
  ): Pick<TakenFiles, 'frames' | 'speech'> => ({
    frames: framesForWords(words, seconds, mostSeconds, settings),
    speech: { text: words, voice, language, spoken: null },
  });

  app.post(
    '/v1/estimates',
    {
      config: { scope: 'generate', body: 'json' },
      schema: {
        operationId: 'estimateGeneration',
        summary: 'Says what a video would cost, without its files',
        description:
          'A dry run for forms that say the price while somebody still chooses: pictures are a number, and a sound is its length in seconds. What only the files can show, they show later.',
        tags: ['generations'],
        security,
        body: createSketchSchema(settings),
        response: { 200: estimateSchema, ...problems(400, 413, 415, 422) },
      },
    },
    async (request) => {
      const { images, audioSeconds = null, ...order } = request.body;
      const option = { option: 'image', path: '', size: 0 };
      const given = {
        images: Array.from({ length: images }, () => option),
        audio: audioSeconds === null ? null : { ...option, option: 'audio' },
      };
      return entered(identityFor(request), async (person, admission) => {
        const wish = wishOf(order, given, request);
        const mostSeconds = longestFor(admission, settings);
        return estimated(request, wish, person, admission, async () => ({
          ...nothingTaken,
          ...toldSound(wish.files, audioSeconds, mostSeconds),
          images: given.images.map((_, index) => `image-${index + 1}.png`),
        }));
      });
    },
  );

  const toldSound = (
    { audio, audioStart: startSeconds, audioEnd, seconds = null }: GivenFiles,
    sourceSeconds: number | null,
    mostSeconds: number,
  ): Pick<TakenFiles, 'frames'> & Partial<TakenFiles> => {
    if (audio !== null && 'words' in audio) return unspoken(audio, seconds, mostSeconds);
    if (sourceSeconds === null) return { frames: framesWithoutSound(seconds, mostSeconds, settings) };
    const endSeconds = audioEnd ?? (seconds === null ? null : startSeconds + seconds);
    const window = windowOf(sourceSeconds, { startSeconds, endSeconds }, mostSeconds, settings);
    const { frames, ...used } = window;
    return { frames, audioWindow: { ...used, sourceSeconds } };
  };

  app.post(
    '/v1/generations/:id/again',
    {
      config: { scope: 'generate', rateLimit, body: 'json or form' },
      schema: {
        operationId: 'rerunGeneration',
        summary: 'Makes another one of the same files',
        description:
          'Without a body everything is as it was but the seed: a variation. The body says what is to be different; as a form it brings other pictures, another sound, or both, and what it does not bring is used again. Works for as long as the record and its files are kept.',
        tags: ['generations'],
        security,
        params: idParameters,
        headers: onceHeaders,
        body: createChangesSchema(settings),
        response: { 201: acceptedSchema, ...problems(400, 404, 408, 409, 410, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      // Not before: a request that was carried out already is answered as it was, whatever became of the first one meanwhile.
      const parentOf = async () => {
        const parent = await lookup.own(request.params.id, request);
        refuseWithdrawn(parent);
        if (parent.guildId !== null) {
          refuseExpired(parent, await reachable(moderation.guild(parent.guildId)), Date.now());
        }
        return parent;
      };
      const answered = (receive: () => Promise<{ input: SentChanges; digest: string }>) =>
        onceOnly(request, reply, parts.idempotency, {
          receive,
          recover: (id) => recovered(id, request),
          work: async (id, received) => {
            const parent = await parentOf();
            return entered(identityFor(request), async (person, admission) => {
              const { webhook, ...sent } = await received();
              return accept(request, id, changed(parent, sent, request), person, admission, webhook);
            });
          },
        });
      const view = request.isMultipart()
        ? await places.during(identityFor(request).name, async () => {
            await using scratch = await openScratch(parts.scratchRoot, 'api');
            const rules = { folder: scratch.path, limit: mostUploadBytes, pace: parts.pace };
            return await answered(async () => {
              const { order, contents, ...files } = await receiveForm(request, reply, rules);
              const digest = digestOf(order, formChangesSchema, unsaidInChanges, contents);
              return { input: changesWith(readOrder(request, order, formChangesSchema), files), digest };
            });
          })
        : await answered(async () => ({
            input: changesWith(request.body ?? {}),
            digest: digestOf(request.body, formChangesSchema, unsaidInChanges, { images: [], audio: null }),
          }));
      reply.code(201).header('location', view.links.self);
      return view;
    },
  );

  const changed = (
    parent: Generation,
    { changes, images, audio }: Omit<SentChanges, 'webhook'>,
    request: FastifyRequest,
  ): Rerun => {
    const { preset, shape, prompt } = parent.request;
    if (changes.preset === undefined && !settings.presetNames.includes(preset)) {
      throw new Refusal('refused.preset_gone');
    }
    return edited(
      parent,
      {
        prompt: changes.prompt ?? prompt,
        negativePrompt: meantNegative(changes),
        preset: changes.preset ?? preset,
        shape: changes.shape ?? shape,
        seed: changes.seed ?? newSeed(),
        scales: changes.scales,
        clean: changes.clean,
        images: images.length === 0 ? { kept: parent.request.images } : images,
        ...(audio === null
          ? soundOf(parent, changes, request)
          : newSoundOf(audio, changes, images.length || parent.request.images.length)),
      },
      settings,
    );
  };
}

/** What somebody wants to be different, and the files that take the place of the old ones: none, or no sound, where those are used again. */
interface SentChanges {
  readonly changes: Omit<Changes, 'webhook'>;
  readonly webhook: string | undefined;
  readonly images: readonly Received[];
  readonly audio: Received | null;
}

/** @throws Refusal where nobody said that the files may be used */
function changesWith(
  { webhook, agreed = false, ...changes }: Changes & { readonly agreed?: boolean },
  { images, audio }: Pick<SentChanges, 'images' | 'audio'> = { images: [], audio: null },
): SentChanges {
  if (!agreed && (images.length > 0 || audio !== null)) throw new Refusal('refused.not_agreed');
  return { changes, webhook, images, audio };
}

const nothingTaken: TakenFiles = {
  ...{ images: [], audio: null, soundtrack: null, originalAudio: null, audioWindow: null, speech: null },
  ...{ frames: 0, loudness: [], advice: [], prints: { pictures: [], sounds: [] } },
};

/** An order as it is taken on, whoever it comes from. @throws Refusal about what does not go together */
function wishOf(
  {
    audioStart,
    audioEnd,
    seconds,
    seed = newSeed(),
    say,
    voice,
    language,
    ...choices
  }: Omit<Order, 'agreed' | 'webhook'>,
  { images, audio }: { readonly images: readonly Received[]; readonly audio: Received | null },
  request: FastifyRequest,
): { choices: Choices; files: GivenFiles } {
  const said = wordsOf({ say, voice, language }, request);
  const mode = chooseMode({
    images: images.length,
    hasAudio: audio !== null,
    hasAudioStart: audioStart !== undefined || audioEnd !== undefined,
    hasWords: said !== null,
  });
  return {
    choices: { ...choices, negativePrompt: meantNegative(choices), seed, mode },
    files: { images, audio: said ?? audio, audioStart: audioStart ?? 0, audioEnd, seconds },
  };
}

type Received = Extract<Extract<GivenFiles['images'], readonly unknown[]>[number], { path: string }>;

/** An empty one is none of one's own. */
function meantNegative({ negativePrompt }: Pick<Choices, 'negativePrompt'>): string | undefined {
  return negativePrompt === '' ? undefined : negativePrompt;
}

function wordsOf(
  { say, voice, language }: Pick<Changes, 'say' | 'voice' | 'language'>,
  request: FastifyRequest,
): GivenWords | null {
  if (say === undefined) {
    if (voice !== undefined || language !== undefined) throw new Refusal('refused.voice_without_say');
    return null;
  }
  return { words: say, voice: voice ?? null, language: language ?? null, locale: languageFor(request) };
}

/** A sound instead of the one before, or of the words before. @throws Refusal where words are sent as well */
function newSoundOf(
  audio: Received,
  { audioStart, audioEnd, seconds, say, voice, language }: Changes,
  images: number,
): SoundEdits {
  if (say === undefined && (voice ?? language) !== undefined) throw new Refusal('refused.voice_without_say');
  chooseMode({ images, hasAudio: true, hasAudioStart: false, hasWords: say !== undefined });
  return { audio, audioStart: audioStart ?? null, audioEnd, seconds };
}

/** What a worker says of typed words that nobody here can speak, for whoever has none of them spoken. @throws Failure `speech_…` */
export function requireVoice({ audio }: Pick<GivenFiles, 'audio'>, voices: readonly Voice[]): void {
  if (audio === null || !('words' in audio) || voices.length === 0) return;
  const { voice, language } = audio;
  if (voice !== null) {
    if (!voices.some(({ name }) => name === voice)) throw speechFailure('voice');
  } else if (language !== null && !voices.some((one) => one.language === language)) {
    throw speechFailure('language');
  }
}

type SoundEdits = Pick<Parameters<typeof edited>[1], 'audio' | 'audioStart' | 'audioEnd' | 'seconds'>;

/** New words, another part of the same sound, or the sound as it is. */
function soundOf(
  { request: { audioWindow, originalAudio, speech, ...before } }: Generation,
  { audioStart, audioEnd, seconds, ...changes }: Changes,
  request: FastifyRequest,
): SoundEdits {
  const isPart = audioStart !== undefined || audioEnd !== undefined;
  const { say = speech?.text } = changes;
  const isSaid = speech !== null || changes.say !== undefined;
  if (isSaid && isPart) throw new Refusal('refused.audio_start_without_audio');
  const { voice = speech?.voice ?? undefined, language = speech?.language ?? undefined } = changes;
  if (changes.say !== undefined || changes.voice !== undefined || changes.language !== undefined) {
    const words = wordsOf({ say, voice, language }, request);
    return { audio: words, audioStart: null, seconds };
  }
  if (!isPart && seconds === undefined) {
    return {
      audio: { kept: keptSound({ ...before, audioWindow, originalAudio, speech }) },
      audioStart: null,
    };
  }
  if (audioWindow === null) return { audio: null, audioStart: audioStart ?? null, seconds };
  if (speech !== null) {
    const { text: words, ...spoken } = speech;
    return { audio: { words, ...spoken, locale: languageFor(request) }, audioStart: null, seconds };
  }
  if (originalAudio === null) throw new Refusal('again.sound_gone');
  return {
    audio: { stored: originalAudio, seconds: audioWindow.sourceSeconds, option: 'audio' },
    audioStart: audioStart ?? audioWindow.startSeconds,
    audioEnd,
    seconds,
  };
}

function orderOf(
  request: FastifyRequest,
  id: string,
  { choices, files, parent }: Omit<Rerun, 'parent'> & Partial<Pick<Rerun, 'parent'>>,
  { userId }: Person,
  admission: Admission,
) {
  return {
    id,
    userId,
    guildId: null,
    locale: languageFor(request),
    ...{ choices, files, admission },
    limitBytes: fetchedVideoBytes,
    reply: apiReply,
    parentId: parent?.id,
    lineage: parent?.lineage,
  };
}
