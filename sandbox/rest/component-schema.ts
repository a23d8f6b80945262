import { ButtonStyle, ComponentType, TextInputStyle } from 'discord-api-types/v10';
import type { FormErrors } from '../errors.ts';
import { isObject, objects } from '../json.ts';
import { limits } from '../limits.ts';
import type { JsonObject } from '../model.ts';

const selects: readonly ComponentType[] = [
  ComponentType.StringSelect,
  ComponentType.UserSelect,
  ComponentType.RoleSelect,
  ComponentType.MentionableSelect,
  ComponentType.ChannelSelect,
];
const containerChildren: readonly ComponentType[] = [
  ComponentType.ActionRow,
  ComponentType.TextDisplay,
  ComponentType.Section,
  ComponentType.MediaGallery,
  ComponentType.Separator,
  ComponentType.File,
];
const buttonStyles: readonly ButtonStyle[] = [
  ButtonStyle.Primary,
  ButtonStyle.Secondary,
  ButtonStyle.Success,
  ButtonStyle.Danger,
  ButtonStyle.Link,
  ButtonStyle.Premium,
];
const topLevelV2: readonly ComponentType[] = [...containerChildren, ComponentType.Container];
const labelChildren: readonly ComponentType[] = [
  ComponentType.TextInput,
  ...selects,
  ComponentType.FileUpload,
  ComponentType.RadioGroup,
  ComponentType.CheckboxGroup,
  ComponentType.Checkbox,
];

/** What a walk over a message's components counts up. */
interface Tally {
  readonly errors: FormErrors;
  readonly customIds: Set<string>;
  /** attachments that `attachment://` may name */
  readonly filenames: ReadonlySet<string>;
  readonly v2: boolean;
  components: number;
  textCharacters: number;
}

/**
 * Checks the components of a message by the rules of
 * https://discord.com/developers/docs/components/reference, those of version 2 when the message carries its flag.
 */
export function checkMessageComponents(
  components: readonly JsonObject[],
  v2: boolean,
  filenames: ReadonlySet<string>,
  errors: FormErrors,
): void {
  const tally: Tally = { errors, customIds: new Set(), filenames, v2, components: 0, textCharacters: 0 };
  if (!v2 && components.length > limits.actionRows) {
    errors.add('components', 'BASE_TYPE_MAX_LENGTH', `Must be ${limits.actionRows} or fewer in length.`);
  }
  const allowed = v2 ? topLevelV2 : [ComponentType.ActionRow];
  for (const [index, component] of components.entries()) {
    checkOneOf(component, allowed, `components.${index}`, tally);
  }
  if (v2 && tally.components > limits.componentsV2) {
    errors.add(
      'components',
      'COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED',
      `The total number of components exceeds the maximum of ${limits.componentsV2}`,
    );
  }
  if (tally.textCharacters > limits.textDisplayCharacters) {
    errors.add(
      'components',
      'COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED',
      `The total displayable text size exceeds the maximum size of ${limits.textDisplayCharacters}`,
    );
  }
}

/** Checks a modal: title, custom id and one to five components. */
export function checkModal(modal: JsonObject, errors: FormErrors): void {
  errors.length('data.title', modal['title'], 1, limits.modalTitle);
  errors.length('data.custom_id', modal['custom_id'], 1, limits.customId);
  const components = objects(modal['components']);
  if (components.length < 1 || components.length > limits.modalComponents) {
    errors.add(
      'data.components',
      'BASE_TYPE_BAD_LENGTH',
      `Must be between 1 and ${limits.modalComponents} in length.`,
    );
  }
  const tally: Tally = {
    errors,
    customIds: new Set(),
    filenames: new Set(),
    v2: true,
    components: 0,
    textCharacters: 0,
  };
  const allowed = [ComponentType.ActionRow, ComponentType.Label, ComponentType.TextDisplay];
  for (const [index, component] of components.entries()) {
    const path = `data.components.${index}`;
    if (component['type'] === ComponentType.ActionRow) {
      // The older form: a text input inside an action row.
      for (const [inner, input] of objects(component['components']).entries()) {
        checkOneOf(input, [ComponentType.TextInput], `${path}.components.${inner}`, tally);
      }
    } else {
      checkOneOf(component, allowed, path, tally);
    }
  }
}

/** Gives each component the numeric id that Discord gives it: the one it asked for, or the lowest free one. */
export function numberComponents(components: readonly JsonObject[]): JsonObject[] {
  const used = new Set<number>();
  const collect = (component: JsonObject): void => {
    if (typeof component['id'] === 'number') used.add(component['id']);
    children(component).forEach(collect);
  };
  components.forEach(collect);
  let next = 1;
  const number = (component: JsonObject): JsonObject => {
    const copy: JsonObject = { ...component };
    if (typeof copy['id'] !== 'number' || copy['id'] === 0) {
      while (used.has(next)) next += 1;
      used.add(next);
      copy['id'] = next;
    }
    if (Array.isArray(copy['components'])) copy['components'] = objects(copy['components']).map(number);
    if (isObject(copy['accessory'])) copy['accessory'] = number(copy['accessory']);
    if (isObject(copy['component'])) copy['component'] = number(copy['component']);
    return copy;
  };
  return components.map(number);
}

/** Every component of a list, nested ones included, outer before inner. */
export function flattenComponents(components: readonly JsonObject[]): JsonObject[] {
  return components.flatMap((component) => [component, ...flattenComponents(children(component))]);
}

function children(component: JsonObject): JsonObject[] {
  return [
    ...objects(component['components']),
    ...(isObject(component['accessory']) ? [component['accessory']] : []),
    ...(isObject(component['component']) ? [component['component']] : []),
  ];
}

function checkOneOf(
  component: JsonObject,
  allowed: readonly ComponentType[],
  path: string,
  tally: Tally,
): void {
  tally.components += 1;
  const type = allowed.find((candidate) => candidate === component['type']);
  if (type === undefined) {
    tally.errors.add(
      `${path}.type`,
      'UNION_TYPE_CHOICES',
      `Value of field "type" must be one of (${allowed.join(', ')}).`,
    );
    return;
  }
  check(type, component, path, tally);
}

function check(type: ComponentType, component: JsonObject, path: string, tally: Tally): void {
  const { errors } = tally;
  if (selects.includes(type)) checkSelect(type, component, path, tally);
  else if (type === ComponentType.ActionRow) checkActionRow(component, path, tally);
  else if (type === ComponentType.Button) checkButton(component, path, tally);
  else if (type === ComponentType.Container) {
    const inner = objects(component['components']);
    if (inner.length === 0) errors.add(`${path}.components`, 'BASE_TYPE_REQUIRED', 'This field is required');
    for (const [index, child] of inner.entries()) {
      checkOneOf(child, containerChildren, `${path}.components.${index}`, tally);
    }
  } else if (type === ComponentType.Section) {
    const texts = objects(component['components']);
    if (texts.length < 1 || texts.length > 3) {
      errors.add(`${path}.components`, 'BASE_TYPE_BAD_LENGTH', 'Must be between 1 and 3 in length.');
    }
    for (const [index, child] of texts.entries()) {
      checkOneOf(child, [ComponentType.TextDisplay], `${path}.components.${index}`, tally);
    }
    if (isObject(component['accessory'])) {
      const accessories = [ComponentType.Button, ComponentType.Thumbnail];
      checkOneOf(component['accessory'], accessories, `${path}.accessory`, tally);
    } else {
      errors.add(`${path}.accessory`, 'BASE_TYPE_REQUIRED', 'This field is required');
    }
  } else if (type === ComponentType.TextDisplay) {
    errors.length(`${path}.content`, component['content'], 1, limits.textDisplayCharacters);
    tally.textCharacters += String(component['content']).length;
  } else if (type === ComponentType.Thumbnail) {
    checkMedia(component['media'], `${path}.media`, tally, false);
  } else if (type === ComponentType.MediaGallery) {
    const items = objects(component['items']);
    if (items.length < 1 || items.length > limits.galleryItems) {
      errors.add(
        `${path}.items`,
        'BASE_TYPE_BAD_LENGTH',
        `Must be between 1 and ${limits.galleryItems} in length.`,
      );
    }
    for (const [index, item] of items.entries()) {
      checkMedia(item['media'], `${path}.items.${index}.media`, tally, false);
      if (item['description'] != null) {
        errors.length(`${path}.items.${index}.description`, item['description'], 1, 1024);
      }
    }
  } else if (type === ComponentType.File) {
    checkMedia(component['file'], `${path}.file`, tally, true);
  } else if (type === ComponentType.Label) {
    errors.length(`${path}.label`, component['label'], 1, 45);
    if (component['description'] != null) {
      errors.length(`${path}.description`, component['description'], 1, 100);
    }
    if (isObject(component['component'])) {
      checkOneOf(component['component'], labelChildren, `${path}.component`, tally);
    } else {
      errors.add(`${path}.component`, 'BASE_TYPE_REQUIRED', 'This field is required');
    }
  } else if (type !== ComponentType.Separator) {
    // Text input, file upload, radio group and the checkboxes: what they share is the id.
    checkCustomId(component['custom_id'], path, tally);
    checkField(type, component, path, tally);
  }
}

/** The fields of a modal: https://docs.discord.com/developers/components/reference */
function checkField(type: ComponentType, field: JsonObject, path: string, tally: Tally): void {
  const { errors } = tally;
  if (type === ComponentType.TextInput) {
    checkChoice(field['style'], [TextInputStyle.Short, TextInputStyle.Paragraph], `${path}.style`, errors);
    checkCounts(field, path, errors, { min: 'min_length', max: 'max_length' }, limits.textInput);
    if (field['label'] != null) errors.length(`${path}.label`, field['label'], 1, 45);
    if (field['placeholder'] != null) errors.length(`${path}.placeholder`, field['placeholder'], 0, 100);
    if (field['value'] != null) {
      // What stands in the field already has to be something that a person could send.
      const most = typeof field['max_length'] === 'number' ? field['max_length'] : limits.textInput.most;
      errors.length(`${path}.value`, field['value'], 0, most);
    }
  } else if (type === ComponentType.FileUpload) {
    checkCounts(field, path, errors, values, limits.fileUploads);
  } else if (type === ComponentType.RadioGroup) {
    const options = checkOptions(field, path, errors, limits.radioOptions);
    const chosen = options.filter((option) => option['default'] === true).length;
    if (chosen > 1)
      errors.add(`${path}.options`, 'BASE_TYPE_MAX_LENGTH', 'Must be 1 or fewer default options.');
  } else if (type === ComponentType.CheckboxGroup) {
    const options = checkOptions(field, path, errors, limits.checkboxOptions);
    checkCounts(field, path, errors, values, { least: 0, most: Math.max(1, options.length) });
    checkDefaults(options, field, path, errors, options.length);
  }
}

/** The names of how many values may be chosen. */
const values = { min: 'min_values', max: 'max_values' } as const;

/** Two whole numbers within bounds, the first one not above the second; either may be left out. */
function checkCounts(
  field: JsonObject,
  path: string,
  errors: FormErrors,
  names: { readonly min: string; readonly max: string },
  { least, most }: { readonly least: number; readonly most: number },
): void {
  const [min, max] = [field[names.min], field[names.max]];
  for (const [name, value, lowest] of [
    [names.min, min, least],
    [names.max, max, 1],
  ] as const) {
    if (value == null) continue;
    if (typeof value !== 'number' || !Number.isInteger(value)) {
      errors.add(`${path}.${name}`, 'NUMBER_TYPE_COERCE', `Value ${JSON.stringify(value)} is not int.`);
    } else if (value < lowest) {
      errors.add(
        `${path}.${name}`,
        'NUMBER_TYPE_MIN',
        `int value should be greater than or equal to ${lowest}.`,
      );
    } else if (value > most) {
      errors.add(`${path}.${name}`, 'NUMBER_TYPE_MAX', `int value should be less than or equal to ${most}.`);
    }
  }
  if (typeof min === 'number' && typeof max === 'number' && min > max) {
    errors.add(
      `${path}.${names.min}`,
      'NUMBER_TYPE_MAX',
      `int value should be less than or equal to ${max}.`,
    );
  }
}

function checkChoice(value: unknown, choices: readonly number[], path: string, errors: FormErrors): void {
  if (typeof value === 'number' && choices.includes(value)) return;
  errors.add(path, 'BASE_TYPE_CHOICES', `Value must be one of {${choices.join(', ')}}.`);
}

/** No more options may be chosen already than may be chosen. */
function checkDefaults(
  options: readonly JsonObject[],
  field: JsonObject,
  path: string,
  errors: FormErrors,
  usual: number,
): void {
  const most = typeof field['max_values'] === 'number' ? field['max_values'] : usual;
  if (options.filter((option) => option['default'] === true).length <= most) return;
  errors.add(`${path}.options`, 'BASE_TYPE_MAX_LENGTH', `Must be ${most} or fewer default options.`);
}

function checkActionRow(row: JsonObject, path: string, tally: Tally): void {
  const { errors } = tally;
  const inner = objects(row['components']);
  const holdsSelect = inner.some((child) => selects.some((type) => type === child['type']));
  const most = holdsSelect ? 1 : limits.buttonsPerRow;
  if (inner.length < 1 || inner.length > most) {
    errors.add(`${path}.components`, 'BASE_TYPE_BAD_LENGTH', `Must be between 1 and ${most} in length.`);
  }
  for (const [index, child] of inner.entries()) {
    checkOneOf(child, [ComponentType.Button, ...selects], `${path}.components.${index}`, tally);
  }
}

function checkButton(button: JsonObject, path: string, tally: Tally): void {
  const { errors } = tally;
  const style = buttonStyles.find((candidate) => candidate === button['style']);
  if (style === undefined) {
    errors.add(`${path}.style`, 'BASE_TYPE_CHOICES', 'Value must be one of {1, 2, 3, 4, 5, 6}.');
  }
  if (button['label'] != null) errors.length(`${path}.label`, button['label'], 0, limits.buttonLabel);
  if (style === ButtonStyle.Link) {
    if (typeof button['url'] !== 'string' || !/^(https?|discord):\/\//.test(button['url'])) {
      errors.add(`${path}.url`, 'URL_TYPE_INVALID_URL', 'Not a well formed URL.');
    } else {
      errors.length(`${path}.url`, button['url'], 1, 512);
    }
    if (button['custom_id'] != null) {
      errors.add(
        path,
        'BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE',
        'A custom id and url cannot both be specified',
      );
    }
  } else if (style !== ButtonStyle.Premium) {
    checkCustomId(button['custom_id'], path, tally);
  }
  if (style !== ButtonStyle.Premium && !button['label'] && button['emoji'] == null) {
    errors.add(path, 'BUTTON_COMPONENT_REQUIRES_LABEL_OR_EMOJI', 'A label or emoji must be specified');
  }
}

function checkSelect(type: ComponentType, select: JsonObject, path: string, tally: Tally): void {
  const { errors } = tally;
  checkCustomId(select['custom_id'], path, tally);
  if (select['placeholder'] != null) errors.length(`${path}.placeholder`, select['placeholder'], 0, 150);
  checkCounts(select, path, errors, values, { least: 0, most: limits.selectOptions });
  if (type !== ComponentType.StringSelect) return;
  const options = checkOptions(select, path, errors, { least: 1, most: limits.selectOptions });
  checkDefaults(options, select, path, errors, 1);
}

/** Labels, values and how many of them; no value twice. */
function checkOptions(
  field: JsonObject,
  path: string,
  errors: FormErrors,
  { least, most }: { readonly least: number; readonly most: number },
): JsonObject[] {
  const options = objects(field['options']);
  if (options.length < least || options.length > most) {
    errors.add(`${path}.options`, 'BASE_TYPE_BAD_LENGTH', `Must be between ${least} and ${most} in length.`);
  }
  const known = new Set<unknown>();
  for (const [index, option] of options.entries()) {
    errors.length(`${path}.options.${index}.label`, option['label'], 1, 100);
    errors.length(`${path}.options.${index}.value`, option['value'], 1, 100);
    if (option['description'] != null) {
      errors.length(`${path}.options.${index}.description`, option['description'], 0, 100);
    }
    if (known.has(option['value'])) {
      errors.add(
        `${path}.options.${index}.value`,
        'SELECT_COMPONENT_OPTION_VALUE_DUPLICATED',
        'The specified option value is already used',
      );
    }
    known.add(option['value']);
  }
  return options;
}

function checkCustomId(customId: unknown, path: string, tally: Tally): void {
  tally.errors.length(`${path}.custom_id`, customId, 1, limits.customId);
  if (typeof customId !== 'string') return;
  if (tally.customIds.has(customId)) {
    tally.errors.add(
      `${path}.custom_id`,
      'COMPONENT_CUSTOM_ID_DUPLICATED',
      'Component custom id cannot be duplicated',
    );
  }
  tally.customIds.add(customId);
}

function checkMedia(media: unknown, path: string, tally: Tally, onlyAttachment: boolean): void {
  const url = isObject(media) ? media['url'] : undefined;
  if (typeof url !== 'string') {
    tally.errors.add(`${path}.url`, 'BASE_TYPE_REQUIRED', 'This field is required');
    return;
  }
  if (url.startsWith('attachment://')) {
    if (!tally.filenames.has(url.slice('attachment://'.length))) {
      tally.errors.add(
        `${path}.url`,
        'UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND',
        'The referenced attachment could not be found',
      );
    }
  } else if (onlyAttachment || !/^https?:\/\//.test(url)) {
    tally.errors.add(
      `${path}.url`,
      'URL_TYPE_INVALID_SCHEME',
      'Scheme must be one of attachment, http, https.',
    );
  }
}
