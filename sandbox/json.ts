import type { JsonObject } from './model.ts';

/** Narrow readings of JSON whose shape nobody has checked yet. */

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as an object; an empty one for anything else. */
export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** The objects of a list; nothing for anything that is no list. */
export function objects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The value if it is a text. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The numbers of a list; undefined for anything that is no list. */
export function numbersOf(value: unknown): number[] | undefined {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'number') : undefined;
}

/** An id, which may come as text or number. */
export function idOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
