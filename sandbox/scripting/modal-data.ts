import { ComponentType } from 'discord-api-types/v10';
import type { JsonObject } from '../model.ts';
import { isObject, objects, textOf } from '../json.ts';
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
  switch (field['type']) {
    case ComponentType.TextInput: {
      const text = textOf(value) ?? textOf(field['value']) ?? '';
      if (required && text === '') throw new ScenarioError(`field ${name} is required`);
      if (text.length > Number(field['max_length'] ?? 4000))
        throw new ScenarioError(`field ${name} is too long`);
      if (text !== '' && text.length < Number(field['min_length'] ?? 0)) {
        throw new ScenarioError(`field ${name} is too short`);
      }
      return { value: text };
    }
    case ComponentType.FileUpload: {
      const files = list.filter((item) => item instanceof ScenarioFile);
      if (files.length < (required ? Number(field['min_values'] ?? 1) : 0)) {
        throw new ScenarioError(`field ${name} needs a file`);
      }
      if (files.length > Number(field['max_values'] ?? 1))
        throw new ScenarioError(`field ${name}: too many files`);
      return { values: await Promise.all(files.map((given) => attach(world, given, resolved))) };
    }
    case ComponentType.Checkbox:
      return { value: value === true };
    case ComponentType.RadioGroup: {
      if (required && value === undefined) throw new ScenarioError(`field ${name} is required`);
      return { value: value ?? null };
    }
    default: {
      const known = objects(field['options']).map((option) => option['value']);
      const chosen =
        list.length > 0
          ? list
          : objects(field['options'])
              .filter((option) => option['default'] === true)
              .map((option) => String(option['value']));
      const foreign = chosen.find((item) => known.length > 0 && !known.includes(item));
      if (foreign !== undefined)
        throw new ScenarioError(`field ${name} has no option ${JSON.stringify(foreign)}`);
      return { values: chosen };
    }
  }
}
