import { ComponentType } from 'discord-api-types/v10';
import type { JsonObject } from '../model.ts';
import { isObject, objects, textOf } from '../json.ts';
import { limits } from '../limits.ts';
import type { World } from '../world.ts';
import { attach } from './command-data.ts';
import { ScenarioFile } from './file.ts';
import { ScenarioError } from './waiting.ts';

/** What a person enters in a field of a form. */
export type FieldValue = string | boolean | readonly string[] | ScenarioFile | readonly ScenarioFile[];
/** by custom id or label */
export type FieldValues = Readonly<Record<string, FieldValue | undefined>>;

/** Fills in a modal. @throws ScenarioError when the client would not let a person submit this */
export async function fillModal(world: World, modal: JsonObject, values: FieldValues): Promise<JsonObject> {
  const resolved: Record<string, JsonObject> = {};
  const used = new Set<string>();
  const fill = async (field: JsonObject, label: unknown): Promise<JsonObject> => {
    const customId = String(field['custom_id']);
    const key = customId in values ? customId : String(label ?? field['label']);
    used.add(key);
    const base = { type: field['type'], id: field['id'] ?? 1, custom_id: customId };
    return { ...base, ...(await fillField(world, field, values[key], resolved)) };
  };
  const components: JsonObject[] = [];
  for (const [index, component] of objects(modal['components']).entries()) {
    const base = { type: component['type'], id: component['id'] ?? index + 1 };
    if (isObject(component['component'])) {
      components.push({ ...base, component: await fill(component['component'], component['label']) });
    } else if (Array.isArray(component['components'])) {
      const inner = objects(component['components']).map((field) => fill(field, field['label']));
      components.push({ ...base, components: await Promise.all(inner) });
    } else {
      components.push(base);
    }
  }
  const unknown = Object.keys(values).filter((key) => !used.has(key));
  if (unknown.length > 0) throw new ScenarioError(`the form has no field ${unknown.join(', ')}`);
  return { custom_id: modal['custom_id'], components, resolved };
}

async function fillField(
  world: World,
  field: JsonObject,
  value: FieldValue | undefined,
  resolved: Record<string, JsonObject>,
): Promise<JsonObject> {
  const name = String(field['custom_id']);
  const list = value === undefined ? [] : [value].flat();
  const required = field['required'] !== false;
  const wrong = (why: string) => new ScenarioError(`field ${name} ${why}`);
  switch (field['type']) {
    case ComponentType.TextInput: {
      if (value !== undefined && typeof value !== 'string') throw wrong('takes a text');
      const text = value ?? textOf(field['value']) ?? '';
      if (required && text === '') throw wrong('is required');
      if (text.length > Number(field['max_length'] ?? limits.textInput.most)) throw wrong('is too long');
      if (text !== '' && text.length < Number(field['min_length'] ?? 0)) throw wrong('is too short');
      return { value: text };
    }
    case ComponentType.FileUpload: {
      const files = list.filter((item) => item instanceof ScenarioFile);
      if (files.length < list.length) throw wrong('takes files');
      requireCount(files.length, field, 1, wrong);
      return { values: await Promise.all(files.map((given) => attach(world, given, resolved))) };
    }
    case ComponentType.Checkbox:
      if (value !== undefined && typeof value !== 'boolean') throw wrong('takes true or false');
      return { value: value ?? field['default'] === true };
    case ComponentType.RadioGroup: {
      const [chosen, ...more] = chosenOptions(field, list, wrong);
      if (more.length > 0) throw wrong('takes one option');
      if (required && chosen === undefined) throw wrong('is required');
      return { value: chosen ?? null };
    }
    default: {
      const isGroup = field['type'] === ComponentType.CheckboxGroup;
      const chosen = chosenOptions(field, list, wrong);
      // Of people, roles and channels, what stands in the field already is what was named as chosen.
      const standing = objects(field['default_values']).map(({ id }) => id);
      const values = list.length === 0 && standing.length > 0 ? standing : chosen;
      requireCount(values.length, field, isGroup ? objects(field['options']).length : 1, wrong);
      return { values };
    }
  }
}

/** What is chosen, or chosen already, of a field that has options; of another one whatever is given. */
function chosenOptions(
  field: JsonObject,
  given: readonly unknown[],
  wrong: (why: string) => ScenarioError,
): string[] {
  const options = objects(field['options']);
  const chosen =
    given.length > 0
      ? given
      : options.filter((option) => option['default'] === true).map((option) => option['value']);
  const texts = chosen.flatMap((item) => (typeof item === 'string' ? [item] : []));
  if (texts.length < chosen.length) throw wrong('takes options by their values');
  const foreign = texts.find(
    (item) => options.length > 0 && options.every((option) => option['value'] !== item),
  );
  if (foreign !== undefined) throw wrong(`has no option ${JSON.stringify(foreign)}`);
  if (new Set(texts).size < texts.length) throw wrong('takes each option once');
  return texts;
}

/**
 * `min_values` and `max_values`, which are 1 unless they are given; whoever need not fill a field in may leave it empty, and nothing else.
 *
 * @throws ScenarioError
 */
function requireCount(
  count: number,
  field: JsonObject,
  usualMost: number,
  wrong: (why: string) => ScenarioError,
): void {
  const least = Number(field['min_values'] ?? 1);
  const most = Number(field['max_values'] ?? usualMost);
  if (count === 0 && (field['required'] === false || least === 0)) return;
  if (count < least) throw wrong(`needs at least ${least}`);
  if (count > most) throw wrong(`takes at most ${most}`);
}
