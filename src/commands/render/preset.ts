import type { GenerateSettings } from '../../config/generate.ts';

/** The title of a preset, or its name where the settings no longer have it. */
export function presetTitle(settings: GenerateSettings, name: string): string {
  return settings.presetNames.includes(name) ? settings.preset(name, settings.defaultShape).title : name;
}
