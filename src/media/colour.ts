import type { CodePoints } from './code-points.ts';

/**
 * Makes sRGB of pictures whose numbers mean something else: high dynamic range (PQ, HLG) and wide gamuts that are told by code points
 * instead of a profile, which the image library shows as if they were sRGB.
 *
 * Light is relative to reference white, which HDR pictures have at 203 cd/m² (ITU-R BT.2408-7, table 1).
 */
const whiteNits = 203;
/** Highlights above are as white as can be: what the display has that HLG is defined for, and most of PQ is graded on. */
const brightestNits = 1000;

/** Of a table of light for each code; 12 bits are finer than the steps of a picture of 10. */
const curveSteps = 4096;

/** ITU-R BT.2100-2, table 4: code 0…1 to cd/m². */
export function pqNits(code: number): number {
  const root = Math.max(code, 0) ** (1 / pq.m2);
  return 10_000 * (Math.max(root - pq.c1, 0) / (pq.c2 - pq.c3 * root)) ** (1 / pq.m1);
}

/** The inverse of {@link pqNits}. */
export function pqCode(nits: number): number {
  const power = (Math.max(nits, 0) / 10_000) ** pq.m1;
  return ((pq.c1 + pq.c2 * power) / (1 + pq.c3 * power)) ** pq.m2;
}

const pq = {
  m1: 2610 / 16_384,
  m2: (2523 / 4096) * 128,
  c1: 3424 / 4096,
  c2: (2413 / 4096) * 32,
  c3: (2392 / 4096) * 32,
} as const;

/** ITU-R BT.2100-2, table 5: code 0…1 to the light of the scene, 0…1. */
export function hlgScene(code: number): number {
  const [a, b, c] = [0.178_832_77, 0.284_668_92, 0.559_910_73];
  return code <= 0.5 ? (Math.max(code, 0) * code) / 3 : (Math.exp((code - c) / a) + b) / 12;
}

/** IEC 61966-2-1: code 0…1 to light. */
function srgbLight(code: number): number {
  return code <= 0.040_45 ? code / 12.92 : ((code + 0.055) / 1.055) ** 2.4;
}

function srgbCode(light: number): number {
  return light <= 0.003_130_8 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055;
}

type Matrix = readonly [number, number, number, number, number, number, number, number, number];

/** From linear light of BT.2020 and of Display P3 (both D65) to that of BT.709, which sRGB has; the first is that of ITU-R BT.2087-0, annex 2, inverted. */
const toSrgbPrimaries: Readonly<Record<number, Matrix>> = {
  9: [1.660_491, -0.587_641, -0.072_85, -0.124_55, 1.132_9, -0.008_349, -0.018_151, -0.100_579, 1.118_73],
  12: [1.224_94, -0.224_94, 0, -0.042_057, 1.042_057, 0, -0.019_638, -0.078_636, 1.098_274],
};
/** How much of each primary is in the brightness; the rest is BT.709. */
const brightness: Readonly<Record<number, readonly [number, number, number]>> = {
  9: [0.2627, 0.678, 0.0593],
  12: [0.229, 0.6917, 0.0793],
};
const transfers = { pq: 16, hlg: 18 } as const;

export function isHighDynamicRange({ transfer }: CodePoints): boolean {
  return transfer === transfers.pq || transfer === transfers.hlg;
}

/** Whether a picture must go through {@link srgbConverter} to look as it should. */
export function needsConversion(points: CodePoints): boolean {
  const isWide = toSrgbPrimaries[points.primaries] !== undefined;
  return isHighDynamicRange(points) || isWide || points.gamma !== undefined;
}

/** Converts a run of pixels, of as many channels as the picture has, to 8-bit sRGB on white. */
export interface SrgbConverter {
  /** has to see all pixels before the first is converted, for highlights are fitted to the brightest */
  measure(pixels: Uint8Array | Uint16Array): void;
  convert(pixels: Uint8Array | Uint16Array, into: Uint8Array): void;
}

/**
 * @param channels 3, or 4 with opacity, which is not premultiplied
 * @param largest the number that stands for 1
 */
export function srgbConverter(points: CodePoints, channels: number, largest: number): SrgbConverter {
  const light = lightOf(points, largest);
  const matrix = toSrgbPrimaries[points.primaries];
  const [redPart, greenPart, bluePart] = brightness[points.primaries] ?? [0.2126, 0.7152, 0.0722];
  const isHlg = points.transfer === transfers.hlg;
  let peak = 0;
  let gains: Float32Array | null = null;
  const codes = Uint8Array.from({ length: curveSteps * 4 + 1 }, (_, step) =>
    Math.round(255 * srgbCode((step / (curveSteps * 4)) ** 2)),
  );
  const coded = (value: number) =>
    codes[Math.round(Math.sqrt(Math.min(Math.max(value, 0), 1)) * curveSteps * 4)] ?? 0;
  /** The display's part of HLG: BT.2100-2, table 5, system gamma 1.2 at 1000 cd/m². */
  const display = (red: number, green: number, blue: number) =>
    isHlg ? (redPart * red + greenPart * green + bluePart * blue) ** 0.2 * (brightestNits / whiteNits) : 1;
  return {
    measure(pixels) {
      for (let at = 0; at + channels <= pixels.length; at += channels) {
        const [red, green, blue] = [at, at + 1, at + 2].map((index) => light[pixels[index] ?? 0] ?? 0);
        const most = Math.max(red ?? 0, green ?? 0, blue ?? 0);
        if (most > 0) peak = Math.max(peak, most * display(red ?? 0, green ?? 0, blue ?? 0));
      }
    },
    convert(pixels, into) {
      gains ??= highlightGains(peak);
      let to = 0;
      for (let at = 0; at + channels <= pixels.length; at += channels, to += 3) {
        let red = light[pixels[at] ?? 0] ?? 0;
        let green = light[pixels[at + 1] ?? 0] ?? 0;
        let blue = light[pixels[at + 2] ?? 0] ?? 0;
        let gain = display(red, green, blue);
        const most = Math.max(red, green, blue) * gain;
        // The same for all three: a highlight keeps its hue.
        gain *= gains[Math.min(Math.round(Math.sqrt(most / (peak || 1)) * curveSteps), curveSteps)] ?? 1;
        red *= gain;
        green *= gain;
        blue *= gain;
        const opacity = channels === 4 ? (pixels[at + 3] ?? 0) / largest : 1;
        const white = 255 * (1 - opacity);
        const [r, g, b] = matrix === undefined ? [red, green, blue] : multiplied(matrix, red, green, blue);
        into[to] = Math.round(coded(r) * opacity + white);
        into[to + 1] = Math.round(coded(g) * opacity + white);
        into[to + 2] = Math.round(coded(b) * opacity + white);
      }
    },
  };
}

/** For each number of a picture its light, 1 for reference white; of HLG the scene's. */
function lightOf({ transfer, gamma }: CodePoints, largest: number): Float32Array {
  const curve =
    transfer === transfers.pq
      ? (code: number) => pqNits(code) / whiteNits
      : transfer === transfers.hlg
        ? hlgScene
        : gamma === undefined
          ? srgbLight
          : (code: number) => code ** (1 / gamma);
  return Float32Array.from({ length: largest <= 255 ? 256 : 65_536 }, (_, number) =>
    curve(Math.min(number / largest, 1)),
  );
}

/**
 * By what light is multiplied, so that the brightest of the picture is white: ITU-R BT.2390-10, 5.4.1. Nothing changes in a picture that
 * has no highlights, and little below them.
 */
function highlightGains(peak: number): Float32Array {
  const gains = new Float32Array(curveSteps + 1).fill(1);
  if (peak <= 1) return gains;
  const source = pqCode(Math.min(peak * whiteNits, brightestNits));
  const most = pqCode(whiteNits) / source;
  const knee = 1.5 * most - 0.5;
  for (let step = 1; step <= curveSteps; step += 1) {
    const light = peak * (step / curveSteps) ** 2;
    const code = Math.min(pqCode(light * whiteNits) / source, 1);
    if (code <= knee) continue;
    const t = (code - knee) / (1 - knee);
    const fitted =
      (2 * t ** 3 - 3 * t ** 2 + 1) * knee +
      (t ** 3 - 2 * t ** 2 + t) * (1 - knee) +
      (3 * t ** 2 - 2 * t ** 3) * most;
    gains[step] = pqNits(fitted * source) / whiteNits / light;
  }
  return gains;
}

function multiplied(m: Matrix, red: number, green: number, blue: number): [number, number, number] {
  return [
    m[0] * red + m[1] * green + m[2] * blue,
    m[3] * red + m[4] * green + m[5] * blue,
    m[6] * red + m[7] * green + m[8] * blue,
  ];
}
