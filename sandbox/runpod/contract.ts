/**
 * What RunPod's OpenAPI document (REST API 2.0.0, read in the state of 20 August 2026) says of the operations that matter here. Strict, as
 * the document is (`unevaluatedProperties: false`): a field that it does not know is refused with 422.
 */
import { z } from 'zod';

const version = z.string().regex(/^\d+\.\d+$/);
const mounts = z.strictObject({
  persistent: z.strictObject({ size: z.number().int().min(10), path: z.string() }).optional(),
  network: z
    .array(z.strictObject({ volumeId: z.string(), path: z.string() }))
    .max(1)
    .optional(),
});

/** `CreatePodRequest` */
export const createPodRequest = z.strictObject({
  name: z.string().min(1),
  args: z.string().optional(),
  disk: z.number().int().min(1).optional(),
  env: z.record(z.string(), z.string()).optional(),
  image: z.string().optional(),
  ports: z.array(z.string()).optional(),
  registry: z.string().nullable().optional(),
  cloud: z.enum(['SECURE', 'COMMUNITY']).default('SECURE'),
  cpu: z.looseObject({ id: z.string() }).optional(),
  dataCenterIds: z.array(z.string()).optional(),
  globalNetworking: z.boolean().optional(),
  gpu: z
    .strictObject({
      id: z.string(),
      count: z.number().int().min(1).default(1),
      allowedCudaVersions: z.array(version).optional(),
      minCudaVersion: version.optional(),
    })
    .optional(),
  mounts: mounts.optional(),
  startJupyter: z.boolean().optional(),
  startSsh: z.boolean().optional(),
  templateId: z.string().min(1).optional(),
});
export type CreatePodRequest = z.infer<typeof createPodRequest>;

/** What the handler refuses with 400 although it fits the schema. */
export function rulesBroken(request: CreatePodRequest): string | null {
  if ((request.gpu === undefined) === (request.cpu === undefined))
    return 'exactly one of gpu or cpu must be set';
  if (request.image === undefined && request.templateId === undefined)
    return 'image or templateId is required';
  if (request.mounts?.persistent !== undefined && request.mounts.network !== undefined) {
    return 'persistent and network mounts are mutually exclusive';
  }
  if (request.gpu?.minCudaVersion !== undefined && (request.gpu.allowedCudaVersions?.length ?? 0) > 0) {
    return 'minCudaVersion and allowedCudaVersions are mutually exclusive';
  }
  return null;
}

/** `PodActionRequest` */
export const podActionRequest = z.strictObject({ action: z.enum(['start', 'stop', 'restart', 'terminate']) });
export type PodAction = z.infer<typeof podActionRequest>['action'];

export type PodStatus = 'PROVISIONING' | 'STARTING' | 'RUNNING' | 'EXITED' | 'ERROR';

/** Which actions a pod takes in which state, from the description of `POST /v2/pods/{id}/action`. */
export const actionsOf: Readonly<Record<PodStatus, readonly PodAction[]>> = {
  RUNNING: ['stop', 'restart', 'terminate'],
  EXITED: ['start', 'terminate'],
  ERROR: ['start', 'terminate'],
  PROVISIONING: ['stop', 'terminate'],
  STARTING: ['stop', 'terminate'],
};

/** `AvailabilityLevel` */
export type Availability = 'NONE' | 'LOW' | 'MEDIUM' | 'HIGH';
