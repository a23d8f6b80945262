import { open } from 'node:fs/promises';
import { z } from 'zod';
import { encodeBounds, runMediaProgram } from './process.ts';
import type { RunLimits } from './process.ts';

const streamSchema = z.object({
  codec_type: z.string(),
  codec_name: z.string().optional(),
  profile: z.string().optional(),
  pix_fmt: z.string().optional(),
  width: z.number().optional(),
  height: z.number().optional(),
  color_range: z.string().optional(),
  color_space: z.string().optional(),
  color_transfer: z.string().optional(),
  color_primaries: z.string().optional(),
  avg_frame_rate: z.string().optional(),
  nb_read_frames: z.coerce.number().optional(),
  duration: z.coerce.number().optional(),
});
const probeSchema = z.object({
  streams: z.array(streamSchema),
  format: z.object({
    duration: z.coerce.number(),
    size: z.coerce.number(),
    tags: z.record(z.string(), z.string()).optional(),
  }),
});

export type ProbedStream = z.infer<typeof streamSchema>;

export interface ProbedVideo {
  readonly bytes: number;
  /** of the container */
  readonly seconds: number;
  readonly video: ProbedStream;
  readonly audio: ProbedStream | null;
  readonly tags: Readonly<Record<string, string>>;
  /** the index stands before the data, so that players start before the file is whole */
  readonly fastStart: boolean;
}

/**
 * Decodes an MP4 from end to end and says what it is.
 *
 * @throws MediaProcessError when a single frame or packet is damaged
 */
export async function probeVideo(path: string, limits: RunLimits): Promise<ProbedVideo> {
  const guards = ['-protocol_whitelist', 'file,pipe', '-f', 'mov'];
  await runMediaProgram(
    'ffmpeg',
    ['-nostdin', '-v', 'error', '-xerror', ...guards, '-i', path, '-f', 'null', '-'],
    limits,
    encodeBounds,
  );
  const wanted = ['-show_streams', '-show_format', '-count_frames', '-of', 'json'];
  const text = await runMediaProgram(
    'ffprobe',
    ['-v', 'error', ...guards, ...wanted, path],
    limits,
    encodeBounds,
  );
  const { streams, format } = probeSchema.parse(JSON.parse(text));
  const video = streams.find((stream) => stream.codec_type === 'video');
  if (video === undefined) throw new TypeError(`${path} has no picture`);
  return {
    bytes: format.size,
    seconds: format.duration,
    video,
    audio: streams.find((stream) => stream.codec_type === 'audio') ?? null,
    tags: format.tags ?? {},
    fastStart: await hasFastStart(path),
  };
}

/** Whether the top-level box `moov` comes before `mdat` (ISO/IEC 14496-12). */
export async function hasFastStart(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(16);
    for (let at = 0; at + 8 <= size;) {
      await file.read(head, 0, 16, at);
      const kind = head.toString('latin1', 4, 8);
      if (kind === 'moov') return true;
      if (kind === 'mdat') return false;
      const length = head.readUInt32BE(0);
      // 1 means that a 64-bit length follows, 0 that the box goes on to the end
      const step = length === 1 ? Number(head.readBigUInt64BE(8)) : length;
      if (step < 8) return false;
      at += step;
    }
    return false;
  } finally {
    await file.close();
  }
}
