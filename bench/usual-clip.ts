import { join } from 'node:path';
import { projectRoot } from '../src/config/environment.ts';
import { loadGenerateSettings } from '../src/config/generate.ts';

const settings = loadGenerateSettings(join(projectRoot, 'generate.yaml'), 'official');

/** A clip as most people ask for it: pixels, frames, and frames a second, as `generate.yaml` ships them. */
export const usualClip = {
  ...sizeOf(settings.defaultPreset),
  frames: settings.frames.default,
  fps: settings.fps,
} as const;

/** The same in the size of the largest preset. */
export const largestClip = {
  ...usualClip,
  ...settings.presetNames.map(sizeOf).reduce((one, other) => (other.width > one.width ? other : one)),
} as const;

function sizeOf(preset: string): { readonly width: number; readonly height: number } {
  const { width, height } = settings.preset(preset, 'landscape');
  return { width, height };
}
