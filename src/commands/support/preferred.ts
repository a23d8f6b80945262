import type { GenerateSettings, Shape } from '../../config/generate.ts';
import type { Preferences } from '../../queue/people/people.ts';

/** The preset that a person has chosen for good, as long as this deployment has it. */
export function preferredPreset({ preset }: Preferences, settings: GenerateSettings): string {
  return preset !== null && settings.presetNames.includes(preset) ? preset : settings.defaultPreset;
}

export function preferredShape({ shape }: Preferences, settings: GenerateSettings): Shape {
  return shape ?? settings.defaultShape;
}
