/**
 * RunPod by its REST interface, version 2, as its OpenAPI document describes it (version 2.0.0, read in the state of 20 August 2026).
 *
 * That document knows no spot pods: `CreatePodRequest` takes nothing that would ask for one. So pods are on-demand.
 */
import { z } from 'zod';
import type { RunpodConfig } from '../config/rented-gpus.ts';
import { silenceSignal } from '../silence.ts';
import { ProviderError } from './provider.ts';
import type { GpuProvider, Machine, Offer, ProviderProblem } from './provider.ts';

export interface RunpodSettings extends Omit<RunpodConfig, 'kind'> {
  /** a worker without work ends by itself after this: the second line of defence, which must not come before the first */
  readonly idleExitMinutes: number;
}

/** Of what RunPod answers, only what is used is read: it may say more some day. */
const podSchema = z.object({
  id: z.string(),
  name: z.string(),
  status: z.enum(['PROVISIONING', 'STARTING', 'RUNNING', 'EXITED', 'ERROR', 'TERMINATED']),
  cost: z.number(),
});
const podsSchema = z.object({ pods: z.array(podSchema) });
const gpusSchema = z.object({
  gpus: z.array(
    z.object({
      id: z.string(),
      price: z.object({ secure: z.number(), community: z.number() }),
      availability: z.enum(['NONE', 'LOW', 'MEDIUM', 'HIGH']).optional(),
    }),
  ),
});
const problemSchema = z.object({ detail: z.string(), errors: z.array(z.string()).optional() });

/** What a request may take. Making a pod is slow; what takes longer has an unknown outcome. */
const patienceSeconds = 30;

const states: Readonly<Record<z.infer<typeof podSchema>['status'], Machine['state']>> = {
  PROVISIONING: 'starting',
  STARTING: 'starting',
  RUNNING: 'running',
  EXITED: 'ended',
  ERROR: 'ended',
  TERMINATED: 'ended',
};

/** @param fetchFrom replaced by tests that need no network */
export function createRunpod(settings: RunpodSettings, fetchFrom: typeof fetch = fetch): GpuProvider {
  const { key, url, networkVolumeId, kinds } = settings;

  /** @throws ProviderError */
  async function call(
    method: string,
    path: string,
    body?: object,
  ): Promise<{ status: number; text: string }> {
    let response: Response;
    let text: string;
    try {
      response = await fetchFrom(`${url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'error',
        signal: silenceSignal(patienceSeconds * 1000),
      });
      text = await response.text();
    } catch (error) {
      const reason = error instanceof Error ? (error.cause ?? error) : error;
      throw new ProviderError('unanswered', `RunPod did not answer: ${messageOf(reason)}`);
    }
    if (response.ok) return { status: response.status, text };
    const { status } = response;
    const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
    throw new ProviderError(problemOf(status, path, method), `RunPod answered ${status}: ${detailOf(text)}`, {
      ...(Number.isFinite(retryAfter) ? { retryAfterSeconds: retryAfter } : {}),
    });
  }

  async function read<S extends z.ZodType>(schema: S, method: string, path: string, body?: object) {
    const { text } = await call(method, path, body);
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      throw new ProviderError('unanswered', 'RunPod answered with something that is not JSON');
    }
    const parsed = schema.safeParse(json);
    if (parsed.success) return parsed.data;
    throw new ProviderError(
      'unanswered',
      `RunPod answered otherwise than documented: ${z.prettifyError(parsed.error)}`,
    );
  }

  return {
    patienceSeconds,

    async offers() {
      const { gpus } = await read(gpusSchema, 'GET', '/catalog/gpus?include=AVAILABILITY&product=POD');
      const price = settings.cloud === 'SECURE' ? 'secure' : 'community';
      return kinds.flatMap(({ id, cap }): Offer[] => {
        const gpu = gpus.find((one) => one.id === id);
        if (gpu === undefined || gpu.availability === 'NONE' || gpu.price[price] > cap) return [];
        return [{ kind: id, pricePerHour: gpu.price[price] }];
      });
    },

    async start(name, { kind, pricePerHour }) {
      const pod = await read(podSchema, 'POST', '/pods', {
        name,
        templateId: settings.templateId,
        cloud: settings.cloud,
        gpu: {
          id: kind,
          count: 1,
          ...(settings.minimumCuda === undefined ? {} : { minCudaVersion: settings.minimumCuda }),
        },
        ...(settings.dataCenterIds.length === 0 ? {} : { dataCenterIds: settings.dataCenterIds }),
        mounts: { network: [{ volumeId: networkVolumeId, path: '/workspace' }] },
        // The scaler knows it again in the queue by this. RunPod adds these to the template's variables; what is named here wins.
        env: { WORKER_NAME: name, WORKER_IDLE_EXIT_MINUTES: String(settings.idleExitMinutes) },
      });
      return machineOf({ ...pod, cost: pod.cost > 0 ? pod.cost : pricePerHour });
    },

    async list() {
      const { pods } = await read(podsSchema, 'GET', '/pods');
      return pods.filter(({ status }) => status !== 'TERMINATED').map(machineOf);
    },

    async stop(id) {
      try {
        await call('DELETE', `/pods/${encodeURIComponent(id)}`);
      } catch (error) {
        if (error instanceof ProviderError && error.message.startsWith('RunPod answered 404')) return;
        throw error;
      }
    },
  };
}

function machineOf(pod: z.infer<typeof podSchema>): Machine {
  return { id: pod.id, name: pod.name, pricePerHour: pod.cost, state: states[pod.status] };
}

/**
 * What a status means, from the table that RunPod gives for making pods. 400 there is also "no capacity", which has no code of its
 * own; a request that breaks a rule gets it for every kind of GPU, and is seen by that.
 */
function problemOf(status: number, path: string, method: string): ProviderProblem {
  if (status === 402) return 'no_money';
  if (status === 429) return 'busy';
  if (status >= 500) return 'unanswered';
  const making = method === 'POST' && path === '/pods';
  return making && (status === 400 || status === 403) ? 'no_stock' : 'refused';
}

/** What RunPod says for people. Its errors do not repeat what was sent; a long one is cut. */
function detailOf(text: string): string {
  try {
    const parsed = problemSchema.safeParse(JSON.parse(text));
    if (parsed.success) return [parsed.data.detail, ...(parsed.data.errors ?? [])].join('; ').slice(0, 300);
  } catch {
    // not JSON: said below
  }
  return 'without a reason';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
