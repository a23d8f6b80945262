/** Where each artifact of a generation lies in the store, and for how long: the one place that names keys. */

import { day } from '../units.ts';
import { artifactRetention } from '../retention.ts';

const inputsFolder = 'inputs/';
const videosFolder = 'videos/';
const previewsFolder = 'previews/';
const shotsFolder = 'shots/';

/** In memory, what Discord has as well is dear: a video may be sent once more, or smaller, for a week. */
const resultRetentionInMemory = 7 * day;

/** All inputs of a generation lie below this prefix. */
export function inputsOf(id: string): string {
  return `${inputsFolder}${id}/`;
}

/** The sound of words that a voice has said for a generation. */
export function spokenKey(id: string): string {
  return `${inputsOf(id)}spoken.wav`;
}

export function videoKey(id: string): string {
  return `${videosFolder}${id}.mp4`;
}

/** A small still of the video, once somebody has asked for one. */
export function thumbnailKey(id: string): string {
  return `${videosFolder}${id}.jpg`;
}

/** Stands beside the video and is written before it: a video with a fitting result beside it is a finished generation. */
export function resultKey(id: string): string {
  return `${videosFolder}${id}.json`;
}

export function previewKey(id: string): string {
  return `${previewsFolder}${id}.jpg`;
}

/** The finished shots of a generation lie below this prefix until its video is stored. */
export function shotsOf(id: string): string {
  return `${shotsFolder}${id}/`;
}

/** Stands beside a shot and is written after it: a shot without it is not finished. */
export function shotKeys(id: string, number: number): { readonly frames: string; readonly about: string } {
  const name = `${shotsOf(id)}${number}`;
  return { frames: `${name}.mkv`, about: `${name}.json` };
}

/** Everything that may lie in the store for a generation: single artifacts, and what lies below prefixes. */
export function artifactsOf(id: string): {
  readonly keys: readonly string[];
  readonly prefixes: readonly string[];
} {
  return {
    keys: [videoKey(id), thumbnailKey(id), resultKey(id), previewKey(id)],
    prefixes: [inputsOf(id), shotsOf(id)],
  };
}

/** Shots serve the next attempt, and nothing else. */
const shotRetention = 2 * day;

/** How long the sweep leaves an artifact, in milliseconds. */
export function retentionOf(key: string): number {
  return key.startsWith(shotsFolder) ? shotRetention : artifactRetention;
}

/** Everything that this program stores lies below one of these. */
export const artifactFolders: readonly string[] = [inputsFolder, videosFolder, previewsFolder, shotsFolder];

/** A bucket may be shared with others: weights, or somebody's own folder of videos. What is not of this form is not ours to remove. */
export function isArtifactKey(key: string): boolean {
  return /^(inputs\/[0-9A-HJKMNP-TV-Z]{26}\/[^/]+|videos\/[0-9A-HJKMNP-TV-Z]{26}\.(mp4|json|jpg)|previews\/[0-9A-HJKMNP-TV-Z]{26}\.jpg|shots\/[0-9A-HJKMNP-TV-Z]{26}\/\d+\.(mkv|json))$/.test(
    key,
  );
}

/** How long a store in memory keeps an artifact, in milliseconds. */
export function lifetimeInMemory(key: string): number {
  if (key.startsWith(shotsFolder)) return shotRetention;
  return key.startsWith(inputsFolder) ? artifactRetention : resultRetentionInMemory;
}
