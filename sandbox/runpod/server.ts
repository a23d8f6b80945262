import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { actionsOf, createPodRequest, podActionRequest, rulesBroken } from './contract.ts';
import type { Availability, CreatePodRequest, PodStatus } from './contract.ts';

export interface FakeGpu {
  readonly id: string;
  /** US dollars an hour, on the secure cloud; the community's is three quarters of it */
  price: number;
  stock: Availability;
}

export interface FakePod {
  readonly id: string;
  readonly request: CreatePodRequest;
  status: PodStatus;
  readonly createdAt: Date;
}

/**
 * What goes wrong with the next request of a kind:
 * - a status: refused with it, and nothing is done
 * - `lost_before`: the connection ends, and nothing was done
 * - `lost_after`: it was done, and the connection ends before the answer
 */
export type Fault = { readonly status: number; readonly retryAfter?: number } | 'lost_before' | 'lost_after';

/** A RunPod that makes nothing: it takes what its documentation allows, refuses what it does not, and can be made to fail. */
export interface FakeRunpod extends AsyncDisposable {
  /** with `/v2` */
  readonly url: string;
  readonly key: string;
  readonly gpus: FakeGpu[];
  readonly pods: ReadonlyMap<string, FakePod>;
  /** method and path of every request, in order */
  readonly requests: readonly string[];
  /** A pod that somebody else made. */
  addPod(name: string): FakePod;
  /** What becomes of a pod by itself: it starts, crashes, or its machine is taken away (null). */
  become(id: string, status: PodStatus | null): void;
  /** From now on the list of pods does not show it, as that of a service that is behind itself; all else knows it. Or does again. */
  hideFromList(id: string, isHidden?: boolean): void;
  /** @param on `POST /pods`, `GET /pods`, `DELETE /pods`, `GET /catalog` */
  failNext(on: string, fault: Fault): void;
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
};

export async function startFakeRunpod(gpus: readonly FakeGpu[]): Promise<FakeRunpod> {
  const key = 'rpa_0123456789ABCDEF0123456789';
  const pods = new Map<string, FakePod>();
  const requests: string[] = [];
  const hidden = new Set<string>();
  const faults = new Map<string, Fault[]>();
  const stock = gpus.map((gpu) => ({ ...gpu }));
  let made = 0;
  const create = (request: CreatePodRequest): FakePod => {
    made += 1;
    const pod: FakePod = {
      id: `pod${made.toString().padStart(8, '0')}`,
      request,
      status: 'PROVISIONING',
      createdAt: new Date(),
    };
    pods.set(pod.id, pod);
    return pod;
  };

  const answer = (method: string, path: string, query: URLSearchParams, body: unknown): Answer => {
    if (path === '/v2/catalog/gpus' && method === 'GET') {
      if (query.get('include') === 'AVAILABILITY' && query.get('product') === null) {
        return problem(400, 'include=AVAILABILITY requires product');
      }
      return {
        status: 200,
        body: { gpus: stock.map((gpu) => gpuBody(gpu, query.get('include') === 'AVAILABILITY')) },
      };
    }
    if (path === '/v2/pods' && method === 'GET') {
      const listed = [...pods.values()].filter(({ id }) => !hidden.has(id));
      return { status: 200, body: { pods: listed.map((pod) => podBody(pod, stock)) } };
    }
    if (path === '/v2/pods' && method === 'POST') {
      const parsed = createPodRequest.safeParse(body);
      if (!parsed.success) {
        return problem(
          422,
          'Request validation failed.',
          parsed.error.issues.map(({ path: at, message }) => `$.${at.join('.')}: ${message}`),
        );
      }
      const broken = rulesBroken(parsed.data);
      if (broken !== null) return problem(400, broken);
      const gpu = stock.find(({ id }) => id === parsed.data.gpu?.id);
      if (gpu === undefined || gpu.stock === 'NONE')
        return problem(400, 'there are no longer any instances available with the requested specifications');
      return { status: 201, body: podBody(create(parsed.data), stock) };
    }
    const [, id = '', tail] = /^\/v2\/pods\/([^/]+)(\/action)?$/.exec(path) ?? [];
    if (id === '') return problem(404, 'resource not found');
    const pod = pods.get(decodeURIComponent(id));
    if (pod === undefined) return problem(404, 'pod not found');
    if (tail === undefined && method === 'GET') return { status: 200, body: podBody(pod, stock) };
    if (tail === undefined && method === 'DELETE') {
      pods.delete(pod.id);
      return { status: 204, body: null };
    }
    if (tail !== undefined && method === 'POST') {
      const parsed = podActionRequest.safeParse(body);
      if (!parsed.success) return problem(422, 'Request validation failed.', [z.prettifyError(parsed.error)]);
      const { action } = parsed.data;
      if (!actionsOf[pod.status].includes(action))
        return problem(409, `cannot ${action} a pod that is ${pod.status}`);
      if (action === 'terminate') {
        pods.delete(pod.id);
        return { status: 204, body: null };
      }
      pod.status = action === 'stop' ? 'EXITED' : 'STARTING';
      return { status: 200, body: podBody(pod, stock) };
    }
    return problem(405, 'The requested method is not allowed for this path.');
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const method = request.method ?? 'GET';
    requests.push(`${method} ${url.pathname}`);
    const text = await textOf(request);
    const kind = `${method} /${url.pathname.split('/')[2] ?? ''}`;
    const fault = faults.get(kind)?.shift();
    if (fault === 'lost_before') return void request.socket.destroy();
    if (typeof fault === 'object') {
      return send(response, { ...problem(fault.status, 'as it was told to'), retryAfter: fault.retryAfter });
    }
    if (request.headers.authorization !== `Bearer ${key}`)
      return send(response, problem(401, 'missing bearer token'));
    let body: unknown;
    try {
      body = text === '' ? undefined : JSON.parse(text);
    } catch {
      return send(response, problem(400, 'the body is not JSON'));
    }
    const answered = answer(method, url.pathname, url.searchParams, body);
    if (fault === 'lost_after') return void request.socket.destroy();
    send(response, answered);
  };

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the fake RunPod has no port');
  return {
    url: `http://127.0.0.1:${address.port}/v2`,
    key,
    gpus: stock,
    pods,
    requests,
    addPod: (name) =>
      create({ name, cloud: 'SECURE', image: 'somebody/elses:1', gpu: { id: stock[0]?.id ?? '', count: 1 } }),
    become(id, status) {
      const pod = pods.get(id);
      if (pod === undefined) throw new Error(`there is no pod ${id}`);
      if (status === null) pods.delete(id);
      else pod.status = status;
    },
    hideFromList(id, isHidden = true) {
      if (isHidden) hidden.add(id);
      else hidden.delete(id);
    },
    failNext(on, fault) {
      faults.set(on, [...(faults.get(on) ?? []), fault]);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfter?: number | undefined;
}

function problem(status: number, detail: string, errors?: readonly string[]): Answer {
  return {
    status,
    body: { title: titles[status] ?? 'Error', status, detail, ...(errors === undefined ? {} : { errors }) },
  };
}

function gpuBody({ id, price, stock }: FakeGpu, withStock: boolean) {
  return {
    id,
    name: id.replace(/^NVIDIA /, ''),
    pool: null,
    manufacturer: 'NVIDIA',
    memory: 141,
    secure: true,
    community: true,
    price: { secure: price, community: price * 0.75 },
    maxCount: { secure: 8, community: 4 },
    ...(withStock ? { availability: stock } : {}),
  };
}

/** Every field that the document requires of a pod. */
function podBody({ id, request, status, createdAt }: FakePod, gpus: readonly FakeGpu[]) {
  const gpu = gpus.find((one) => one.id === request.gpu?.id);
  const price = (gpu?.price ?? 0) * (request.cloud === 'COMMUNITY' ? 0.75 : 1);
  return {
    id,
    name: request.name,
    status,
    actions: actionsOf[status],
    image: request.image ?? 'from-the-template:1',
    args: request.args ?? '',
    disk: request.disk ?? 20,
    mounts: request.mounts ?? {},
    ports: request.ports ?? [],
    env: request.env ?? {},
    registry: request.registry ?? null,
    gpu: { id: request.gpu?.id ?? '', count: request.gpu?.count ?? 1 },
    cloud: request.cloud,
    dataCenterId: request.dataCenterIds?.[0] ?? 'EU-RO-1',
    cudaVersion: '13.0',
    ssh: { proxy: null, direct: null },
    template: request.templateId ?? null,
    cost: status === 'EXITED' ? 0 : price,
    locked: false,
    globalNetworking: { enabled: false },
    runtime: status === 'RUNNING' ? { uptime: 60 } : null,
    createdAt: createdAt.toISOString(),
    startedAt: null,
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) if (Buffer.isBuffer(piece)) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

function send(response: ServerResponse, { status, body, retryAfter }: Answer): void {
  response.writeHead(status, {
    'content-type': status >= 400 ? 'application/problem+json' : 'application/json',
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
  });
  response.end(body === null ? undefined : JSON.stringify(body));
}
