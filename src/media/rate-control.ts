import { holdsMark } from '../marking/dct-blocks.ts';
import type { Overlay } from './draw-label.ts';
import { programName, programVersion } from '../version.ts';
import type { VideoSource } from './encode.ts';

/** One way to encode a clip: as good as the constant quality gives, or two passes to a bitrate. */
export type Attempt =
  | { readonly kind: 'quality'; readonly crf: number; readonly size: Size; readonly audioKilobits: number }
  | {
      readonly kind: 'bitrate';
      /** of the picture */
      readonly kilobits: number;
      readonly size: Size;
      readonly audioKilobits: number;
    };

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface ClipShape extends Size {
  readonly frames: number;
  readonly fps: number;
  readonly hasAudio: boolean;
  /** carries a watermark: the picture gets no smaller and no poorer than that lasts */
  readonly isMarked?: boolean;
}

/** Visually lossless for H.264; larger numbers are smaller files. */
export const bestCrf = 17;
const fullAudioKilobits = 160;
const audioLadder = [fullAudioKilobits, 96, 64, 48, 32, 24, 16] as const;
/** From here down the bits are enough for one channel of speech only. */
const narrowAudioKilobits = 32;
/** Of the file, for the picture at least: sound is a small part unless the file is tiny. */
const largestAudioShare = 0.25;
/** Below this many bits for a pixel H.264 falls into blocks, and a smaller picture looks better. */
export const absurdBitsPerPixel = 0.035;
const scales = [1, 0.75, 0.5, 0.375, 0.25] as const;
const smallestSide = 48;
/** Of the picture. Less is nothing that anybody watches. */
export const smallestKilobits = 8;
/** Of the target, for what two passes miss it by. */
const aim = 0.97;
/** Container: header and, for each frame and audio packet, a few bytes of tables. */
const containerBytes = 2500;
const bytesPerFrame = 20;
const bytesPerAudioPacket = 12;
const samplesPerAudioPacket = 1024;

/** The first try: constant quality, at full size. Nearly always the only one. */
export function firstAttempt(clip: ClipShape): Attempt {
  return {
    kind: 'quality',
    crf: bestCrf,
    size: { width: clip.width, height: clip.height },
    audioKilobits: clip.hasAudio ? fullAudioKilobits : 0,
  };
}

/**
 * The next try after one that came out larger than `limitBytes`, or null when nothing smaller is worth watching.
 *
 * @param bytes size of the file that the last attempt made
 */
export function nextAttempt(
  clip: ClipShape,
  limitBytes: number,
  last: Attempt,
  bytes: number,
): Attempt | null {
  if (last.kind === 'bitrate') {
    // Two passes missed: by how much is known now. Never less than a step down, so that this ends.
    const shrink = Math.min(limitBytes / bytes, 1) * 0.95;
    return withinReason(clip, limitBytes, scaleIndex(clip, last.size), Math.floor(last.kilobits * shrink));
  }
  return withinReason(clip, limitBytes, scaleIndex(clip, last.size), Number.POSITIVE_INFINITY);
}

/**
 * The next try after a bitrate that the encoder refused, since what each frame and block of the picture needs at least takes more: a smaller picture
 * has fewer blocks. Null where there is none, and for an attempt by quality, which nothing is asked of.
 */
export function smallerAttempt(clip: ClipShape, last: Attempt): Attempt | null {
  const size = sizeLadder(clip)[scaleIndex(clip, last.size) + 1];
  return size === undefined || last.kind === 'quality' ? null : { ...last, size };
}

/** The largest size, from `from` down the ladder, at which the bitrate that fits is not absurd. */
function withinReason(
  clip: ClipShape,
  limitBytes: number,
  from: number,
  atMostKilobits: number,
): Attempt | null {
  const audioKilobits = affordableAudio(clip, limitBytes);
  const seconds = clip.frames / clip.fps;
  const overhead =
    containerBytes +
    bytesPerFrame * clip.frames +
    (clip.hasAudio ? (audioRate(audioKilobits) / samplesPerAudioPacket) * bytesPerAudioPacket * seconds : 0);
  const bits = (limitBytes - overhead) * 8 * aim - audioKilobits * 1000 * seconds;
  const kilobits = Math.min(Math.floor(bits / seconds / 1000), atMostKilobits);
  if (kilobits < smallestKilobits) return null;
  const sizes = sizeLadder(clip).slice(from);
  const size =
    sizes.find(
      ({ width, height }) => (kilobits * 1000) / (width * height * clip.fps) >= absurdBitsPerPixel,
    ) ?? (clip.isMarked === true ? undefined : sizes.at(-1));
  return size === undefined ? null : { kind: 'bitrate', kilobits, size, audioKilobits };
}

function affordableAudio(clip: ClipShape, limitBytes: number): number {
  if (!clip.hasAudio) return 0;
  const kilobits = (limitBytes * 8 * largestAudioShare) / (clip.frames / clip.fps) / 1000;
  return (
    audioLadder.find((step) => step <= kilobits) ?? audioLadder[audioLadder.length - 1] ?? fullAudioKilobits
  );
}

function audioRate(kilobits: number): number {
  return kilobits > narrowAudioKilobits ? 48_000 : 24_000;
}

/**
 * The sizes a clip may have, largest first: even sides, as yuv420p needs, and the aspect ratio kept. One with a watermark has none that is too small
 * for it, but its own.
 */
export function sizeLadder(clip: Size & Pick<ClipShape, 'isMarked'>): readonly Size[] {
  const even = (side: number) => Math.max(2, Math.round(side / 2) * 2);
  return scales
    .map((scale) => ({ width: even(clip.width * scale), height: even(clip.height * scale) }))
    .filter(
      ({ width, height }, index) =>
        index === 0 ||
        (Math.min(width, height) >= smallestSide && (clip.isMarked !== true || holdsMark(width, height))),
    );
}

function scaleIndex(clip: ClipShape, size: Size): number {
  return Math.max(
    0,
    sizeLadder(clip).findIndex(({ width }) => width === size.width),
  );
}

/** A picture of one frame in a file, and where on the video it lies. */
export interface LaidOverlay extends Omit<Overlay, 'rgba'> {
  readonly path: string;
}

/** What is drawn into the frames once they have their size. */
export interface Drawn {
  /** raw RGBA that stays in its place over every frame */
  readonly overlay: LaidOverlay | null;
  /** path of a frame of rgb24 of that size, which ffmpeg's `grainmerge` adds to every frame and what lies over it */
  readonly mark: string | null;
}

const nothingDrawn: Drawn = { overlay: null, mark: null };

interface Input {
  readonly path: string;
  readonly options: readonly string[];
}

export interface EncoderArguments {
  readonly inputs: readonly Input[];
  readonly output: readonly string[];
}

const guards = (demuxer: string): readonly string[] => [
  '-nostdin',
  ...['-protocol_whitelist', 'file,pipe', '-f', demuxer],
];

function rawInput(path: string, pixelFormat: string, { width, height }: Size): Input {
  return {
    path,
    options: [...guards('rawvideo'), ...['-pixel_format', pixelFormat, '-video_size', `${width}x${height}`]],
  };
}

/** The frames of a source in the size that they get, and what is drawn into them: ffmpeg's inputs, and a graph of filters that ends in yuv420p. */
function drawnFrames(
  source: VideoSource,
  clip: ClipShape,
  { width, height }: Size,
  { overlay, mark }: Drawn,
): { readonly inputs: readonly Input[]; readonly graph: string } {
  const frames: Input =
    source.kind === 'raw'
      ? rawInput(source.path, source.pixelFormat, clip)
      : { path: source.path, options: guards(source.kind === 'mp4' ? 'mov' : 'concat') };
  const inputs: Input[] = [
    source.kind === 'raw'
      ? { ...frames, options: [...frames.options, '-framerate', String(clip.fps)] }
      : frames,
  ];
  const sized = `[0:v:0]scale=${width}:${height}:flags=lanczos`;
  // The conversion and the tags have to agree, or players show wrong colours.
  const toVideo = 'in_range=full:out_range=tv:out_color_matrix=bt709';
  const asVideo = 'format=yuv420p,setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709';
  if (overlay === null && mark === null) {
    const convert = source.kind === 'raw' ? toVideo : 'in_color_matrix=bt709:out_color_matrix=bt709';
    return { inputs, graph: `${sized}:${convert},${asVideo}` };
  }
  // What is drawn is made for the size that the video has in the end, so that words can be read and the mark is whole however small that is.
  // Each is one frame, which stays until the end of the picture.
  const asColours = source.kind === 'raw' ? '' : ':in_range=tv:in_color_matrix=bt709:out_range=full';
  let graph = `${sized}${asColours},format=gbrp`;
  if (overlay !== null) {
    const { left, top } = overlay;
    graph += `[sized];[sized][${inputs.length}:v:0]overlay=x=${left}:y=${top}:format=gbrp,format=gbrp`;
    inputs.push(rawInput(overlay.path, 'rgba', overlay));
  }
  if (mark !== null) {
    graph += `[plain];[${inputs.length}:v:0]format=gbrp[mark];[plain][mark]blend=all_mode=grainmerge`;
    inputs.push(rawInput(mark, 'rgb24', { width, height }));
  }
  return { inputs, graph: `${graph},scale=flags=lanczos:${toVideo},${asVideo}` };
}

/**
 * The arguments of ffmpeg for some of the frames of an attempt, a file of YUV4MPEG2 in shades of grey. They are what {@link encoderArguments} encodes,
 * before a mark is drawn.
 *
 * @param pick filters that choose among them, separated by commas
 */
export function greyArguments(
  source: VideoSource,
  clip: ClipShape,
  size: Size,
  overlay: LaidOverlay | null,
  pick: string,
): EncoderArguments {
  const { inputs, graph } = drawnFrames(source, clip, size, { overlay, mark: null });
  const output = ['-filter_complex', `${graph},${pick},format=gray[out]`, '-map', '[out]', '-an'];
  return { inputs, output: [...output, '-f', 'yuv4mpegpipe', '-strict', '-1'] };
}

/**
 * The arguments of ffmpeg for one attempt. Pure; every option means the same in ffmpeg 5 to 8.
 *
 * @param pass 1 and 2 of an attempt by bitrate; 0 for one by quality
 * @param passLog prefix of the files between the passes
 */
export function encoderArguments(
  source: VideoSource,
  clip: ClipShape,
  attempt: Attempt,
  pass: 0 | 1 | 2,
  passLog: string,
  drawn: Drawn = nothingDrawn,
): EncoderArguments {
  const seconds = (clip.frames / clip.fps).toFixed(6);
  const picture = drawnFrames(source, clip, attempt.size, drawn);
  const inputs = [...picture.inputs];
  const soundInput = source.kind === 'mp4' ? 0 : inputs.length;
  if (source.kind !== 'mp4' && source.sound !== null && pass !== 1) {
    inputs.push({ path: source.sound.path, options: guards(source.sound.demuxer) });
  }
  const output = [
    ...['-filter_complex', `${picture.graph}[out]`, '-map', '[out]'],
    ...['-color_range', 'tv', '-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709'],
    ...[
      '-c:v',
      'libx264',
      '-profile:v',
      'high',
      '-preset',
      'medium',
      '-pix_fmt',
      'yuv420p',
      '-r',
      String(clip.fps),
    ],
    ...(attempt.kind === 'quality' ? ['-crf', String(attempt.crf)] : ['-b:v', `${attempt.kilobits}k`]),
  ];
  if (pass !== 0) output.push('-pass', String(pass), '-passlogfile', passLog);
  if (pass === 1) return { inputs, output: [...output, '-an', '-f', 'null'] };
  if (clip.hasAudio) {
    output.push('-map', `${soundInput}:a:0`, '-af', `apad=whole_dur=${seconds},atrim=end=${seconds}`);
    output.push(
      '-c:a',
      'aac',
      '-b:a',
      `${attempt.audioKilobits}k`,
      '-ar',
      String(audioRate(attempt.audioKilobits)),
    );
    if (attempt.audioKilobits <= narrowAudioKilobits) output.push('-ac', '1');
  } else output.push('-an');
  output.push(
    '-t',
    seconds,
    '-map_metadata',
    '-1',
    // For whoever looks at a file's properties. Readers of metadata find it in each MP4; a platform may take it off.
    '-metadata',
    'comment=Made with AI',
    '-metadata',
    `encoding_tool=${programName} ${programVersion}`,
    '-map_chapters',
    '-1',
    '-fflags',
    '+bitexact',
    '-flags:v',
    '+bitexact',
  );
  output.push('-flags:a', '+bitexact', '-movflags', '+faststart', '-f', 'mp4');
  return { inputs, output };
}
