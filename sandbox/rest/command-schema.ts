import { ApplicationCommandOptionType, ApplicationCommandType } from 'discord-api-types/v10';
import type { FormErrors } from '../errors.ts';
import { limits } from '../limits.ts';
import type { JsonObject } from '../model.ts';
import { idOf, numbersOf, objectOf, objects } from '../json.ts';

/** https://discord.com/developers/docs/interactions/application-commands#application-command-object-application-command-naming */
const chatInputName = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;
const groups: readonly unknown[] = [
  ApplicationCommandOptionType.Subcommand,
  ApplicationCommandOptionType.SubcommandGroup,
];
const withChoices: readonly unknown[] = [
  ApplicationCommandOptionType.String,
  ApplicationCommandOptionType.Integer,
  ApplicationCommandOptionType.Number,
];

/** Checks one application command. @param prefix before each path in the errors, e.g. `0.` in a bulk overwrite */
export function checkCommand(command: JsonObject, prefix: string, errors: FormErrors): void {
  const type = command['type'] ?? ApplicationCommandType.ChatInput;
  if (type === ApplicationCommandType.ChatInput) {
    checkName(command['name'], `${prefix}name`, errors);
    errors.length(`${prefix}description`, command['description'], 1, 100);
    checkOptions(objects(command['options']), `${prefix}options`, errors, 0);
    const characters = countCharacters(command);
    if (characters > limits.commandCharacters) {
      errors.add(
        prefix.replace(/\.$/, ''),
        'APPLICATION_COMMAND_TOO_LARGE',
        `Command exceeds maximum size of ${limits.commandCharacters}`,
      );
    }
  } else if (type === ApplicationCommandType.User || type === ApplicationCommandType.Message) {
    errors.length(`${prefix}name`, command['name'], 1, 32);
    if (command['description'] != null && command['description'] !== '') {
      errors.add(
        `${prefix}description`,
        'APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_NOT_ALLOWED',
        'Context menu commands cannot have description',
      );
    }
    if (objects(command['options']).length > 0) {
      errors.add(
        `${prefix}options`,
        'APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS_NOT_ALLOWED',
        'Context menu commands cannot have options',
      );
    }
  } else {
    errors.add(`${prefix}type`, 'BASE_TYPE_CHOICES', 'Value must be one of {1, 2, 3}.');
  }
  checkLocalizations(command, prefix, type === ApplicationCommandType.ChatInput, errors);
  const permissions = command['default_member_permissions'];
  if (permissions != null && !/^\d+$/.test(idOf(permissions) ?? '')) {
    errors.add(`${prefix}default_member_permissions`, 'NUMBER_TYPE_COERCE', 'Value is not a number.');
  }
  checkChoicesOfNumbers(command['contexts'], [0, 1, 2], `${prefix}contexts`, errors);
  checkChoicesOfNumbers(command['integration_types'], [0, 1], `${prefix}integration_types`, errors);
}

function checkOptions(options: readonly JsonObject[], path: string, errors: FormErrors, depth: number): void {
  if (options.length > limits.commandOptions) {
    errors.add(path, 'BASE_TYPE_MAX_LENGTH', `Must be ${limits.commandOptions} or fewer in length.`);
  }
  const names = new Set<unknown>();
  let optionalSeen = false;
  const grouped = options.filter((option) => groups.includes(option['type'])).length;
  for (const [index, option] of options.entries()) {
    const at = `${path}.${index}`;
    const type = option['type'];
    checkName(option['name'], `${at}.name`, errors);
    errors.length(`${at}.description`, option['description'], 1, 100);
    if (!(typeof type === 'number' && type >= 1 && type <= 11)) {
      errors.add(
        `${at}.type`,
        'BASE_TYPE_CHOICES',
        'Value must be one of {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}.',
      );
    }
    if (names.has(option['name'])) {
      errors.add(path, 'APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS', 'Option name already exists');
    }
    names.add(option['name']);
    if (option['required'] === true && optionalSeen) {
      errors.add(
        at,
        'APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID',
        'Required options must be placed before non-required options',
      );
    }
    if (option['required'] !== true) optionalSeen = true;
    if (groups.includes(type)) {
      const tooDeep =
        depth > 1 ||
        (depth === 1 && type === ApplicationCommandOptionType.SubcommandGroup) ||
        grouped < options.length;
      if (tooDeep) {
        errors.add(
          at,
          'APPLICATION_COMMAND_OPTIONS_TYPE_INVALID',
          'Sub-command and sub-command group option types are mutually exclusive to all other types',
        );
      }
      checkOptions(objects(option['options']), `${at}.options`, errors, depth + 1);
    } else {
      checkValueOption(option, at, errors);
    }
    checkLocalizations(option, `${at}.`, true, errors);
  }
}

function checkValueOption(option: JsonObject, at: string, errors: FormErrors): void {
  const choices = objects(option['choices']);
  if (choices.length > limits.commandChoices) {
    errors.add(
      `${at}.choices`,
      'BASE_TYPE_MAX_LENGTH',
      `Must be ${limits.commandChoices} or fewer in length.`,
    );
  }
  if (choices.length > 0 && !withChoices.includes(option['type'])) {
    errors.add(
      `${at}.choices`,
      'APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID',
      'Choices are not allowed for this type',
    );
  }
  if (choices.length > 0 && option['autocomplete'] === true) {
    errors.add(
      `${at}.choices`,
      'APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID',
      'Choices may not be present when autocomplete is set',
    );
  }
  const [names, values] = [new Set<unknown>(), new Set<unknown>()];
  for (const [index, choice] of choices.entries()) {
    errors.length(`${at}.choices.${index}.name`, choice['name'], 1, 100);
    const wantsText = option['type'] === ApplicationCommandOptionType.String;
    if (wantsText) errors.length(`${at}.choices.${index}.value`, choice['value'], 1, 100);
    else if (typeof choice['value'] !== 'number') {
      errors.add(`${at}.choices.${index}.value`, 'NUMBER_TYPE_COERCE', 'Value is not a number.');
    }
    if (names.has(choice['name']) || values.has(choice['value'])) {
      errors.add(
        `${at}.choices`,
        'APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS',
        'Option choice already exists',
      );
    }
    names.add(choice['name']);
    values.add(choice['value']);
  }
  const [minimum, maximum] = [option['min_value'], option['max_value']];
  if (typeof minimum === 'number' && typeof maximum === 'number' && minimum > maximum) {
    errors.add(
      `${at}.min_value`,
      'APPLICATION_COMMAND_OPTIONS_MIN_VALUE_INVALID',
      'Minimum value may not exceed maximum value',
    );
  }
}

function checkName(name: unknown, path: string, errors: FormErrors): void {
  errors.length(path, name, 1, 32);
  if (typeof name !== 'string') return;
  if (!chatInputName.test(name) || name !== name.toLowerCase()) {
    errors.add(path, 'APPLICATION_COMMAND_INVALID_NAME', 'Command name is invalid');
  }
}

function checkLocalizations(
  target: JsonObject,
  prefix: string,
  chatInput: boolean,
  errors: FormErrors,
): void {
  for (const [locale, name] of Object.entries(objectOf(target['name_localizations']))) {
    if (name === null) continue;
    if (chatInput) checkName(name, `${prefix}name_localizations.${locale}`, errors);
    else errors.length(`${prefix}name_localizations.${locale}`, name, 1, 32);
  }
  for (const [locale, text] of Object.entries(objectOf(target['description_localizations']))) {
    if (text !== null) errors.length(`${prefix}description_localizations.${locale}`, text, 1, 100);
  }
}

function checkChoicesOfNumbers(
  value: unknown,
  allowed: readonly number[],
  path: string,
  errors: FormErrors,
): void {
  if (value == null) return;
  if (
    !Array.isArray(value) ||
    numbersOf(value)?.every((item) => allowed.includes(item)) !== true ||
    numbersOf(value)?.length !== value.length
  ) {
    errors.add(path, 'BASE_TYPE_CHOICES', `Value must be one of {${allowed.join(', ')}}.`);
  }
}

/** Name, description and value lengths of a command, its options and choices, the longest localisation counting. */
function countCharacters(item: JsonObject): number {
  const longest = (name: string): number => {
    const texts = [item[name], ...Object.values(objectOf(item[`${name}_localizations`]))];
    return Math.max(0, ...texts.map((text) => (typeof text === 'string' ? text.length : 0)));
  };
  const value = typeof item['value'] === 'string' ? item['value'].length : 0;
  const inner = [...objects(item['options']), ...objects(item['choices'])];
  return (
    longest('name') +
    longest('description') +
    value +
    inner.reduce((sum, child) => sum + countCharacters(child), 0)
  );
}
