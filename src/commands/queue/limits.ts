import { changing, reachable } from '../../queue/reachable.ts';
import type { Limits } from '../../queue/moderation/limits-schema.ts';
import type { GuildSettings } from '../../queue/moderation/moderation.ts';
import { Refusal } from '../../refusal.ts';
import { duration } from '../../text/format.ts';
import { catalogues } from '../../text/texts.ts';
import type { TextKey, Texts } from '../../text/texts.ts';
import { message } from '../render/message.ts';
import type { RenderedMessage } from '../render/message.ts';
import type { Services } from '../support/services.ts';
import { parseTimeSpan, timeSpan } from '../support/time-span.ts';
import type { Moderating } from './command-context.ts';
import { page } from './pages.ts';
import type { PagePlace } from './pages.ts';

const cooldownBounds = { minimumSeconds: 1, maximumSeconds: 86_400 };

type SomeLimits = GuildSettings['limits']['everyone'];

/** As stored: a number, null for no limit, undefined for what the bot starts with. */
export type Value = number | null | undefined;

/** Each limit's text, and how its value is shown. */
const shownLimits = {
  waiting: { key: 'queue.limits.waiting', show: numberText },
  gpuSecondsPerDay: {
    key: 'queue.limits.gpu_minutes',
    show: (value, texts) => duration(texts, value),
  },
  cooldownSeconds: { key: 'queue.limits.cooldown', show: timeSpan },
  videoSeconds: { key: 'queue.limits.video_length', show: timeSpan },
  weight: { key: 'queue.limits.weight', show: numberText },
  queueLength: { key: 'queue.limits.queue_length', show: numberText },
  budgetGpuSecondsPerDay: {
    key: 'queue_admin.limits.budget',
    show: (value, texts) => duration(texts, value),
  },
} as const satisfies Record<
  keyof Limits | 'queueLength' | 'budgetGpuSecondsPerDay',
  { key: TextKey; show: (value: number, texts: Texts) => string }
>;

type LimitName = keyof typeof shownLimits;

export function isLimitName(name: string): name is LimitName {
  return Object.hasOwn(shownLimits, name);
}

/** A limit in words. @param value null is no limit; `default` is what the bot starts with */
export function limitText(name: LimitName, value: number | null | 'default', texts: Texts): string {
  return texts.say(shownLimits[name].key, { value: valueText(name, value, texts) });
}

function valueText(name: LimitName, value: number | null | 'default', texts: Texts): string {
  if (value === null) return texts.say('queue.limits.none');
  if (value === 'default') return texts.say('queue.limits.word_default');
  return shownLimits[name].show(value, texts);
}

function numberText(value: number, texts: Texts): string {
  return new Intl.NumberFormat(texts.language).format(value);
}

export async function limitsPage(
  place: PagePlace,
  guildId: string,
  texts: Texts,
  { moderation, settings }: Services,
): Promise<RenderedMessage> {
  const { limits, queueLength } = await reachable(moderation.guild(guildId));
  const roles = Object.entries(limits.roles);
  const heading = [
    texts.say('queue.limits.heading'),
    texts.say('queue.limits.everyone', {
      limits: everyoneText(
        limits.everyone,
        { ...moderation.defaultLimits, videoSeconds: settings.length.default },
        texts,
      ),
    }),
    limitText('queueLength', queueLength, texts),
  ];
  if (roles.length === 0) return message(heading);
  return page(roles, place, texts, {
    heading,
    line: ([roleId, role]) => texts.say('queue.limits.role', { roleId, limits: limitsText(role, texts) }),
  });
}

const personal = ['waiting', 'gpuSecondsPerDay', 'cooldownSeconds', 'videoSeconds', 'weight'] as const;

/** What is set; the rest is as everyone has it. */
function limitsText(limits: SomeLimits, texts: Texts): string {
  return personal
    .flatMap((name) => {
      const value = limits[name];
      return value === undefined ? [] : [limitText(name, value, texts)];
    })
    .join(' · ');
}

/** All that counts for who has no role with limits of its own: also what nobody has set. */
function everyoneText(limits: SomeLimits, defaults: Limits, texts: Texts): string {
  return personal
    .map((name) => {
      const value = limits[name];
      if (value !== undefined) return limitText(name, value, texts);
      const byDefault = texts.say('queue.limits.as_default', {
        value: valueText(name, defaults[name] ?? null, texts),
      });
      return texts.say(shownLimits[name].key, { value: byDefault });
    })
    .join(' · ');
}

export async function setLimits(moderating: Moderating): Promise<RenderedMessage> {
  const { interaction, texts, services, guildId, actorId } = moderating;
  const role = interaction.options.getRole('role');
  // The role that everybody has is everybody.
  const roleId = role === null || role.id === guildId ? null : role.id;
  const given = (name: NumberOption): Given => ({
    // as the person sees it
    option: texts.say(`command.queue.option_${name}.name`),
    text: interaction.options.getString(name),
  });
  const changes: Changes = {
    waiting: number(given('waiting'), 1, 1000),
    gpuSecondsPerDay: minutes(number(given('gpu_minutes'), 1, 16_000)),
    cooldownSeconds: cooldown(given('cooldown')),
    videoSeconds: videoLength(given('video_length'), services.settings.length.maximum),
    weight: needed(given('weight'), 0.1, 10),
  };
  const length = number(given('queue_length'), 1, 10_000);
  if (roleId !== null && length !== unsaid) throw new Refusal('queue.limits.length_for_all');
  const said = Object.entries({ ...changes, queueLength: length }).flatMap(([name, value]) =>
    value === unsaid ? [] : [[name, value === undefined ? 'default' : value] as const],
  );
  if (said.length === 0) throw new Refusal('queue.limits.nothing');
  await changing(
    services.moderation.changeGuild(
      guildId,
      (settings) => {
        const { everyone, roles } = settings.limits;
        const changed = withChanges(roleId === null ? everyone : (roles[roleId] ?? {}), changes);
        const { [roleId ?? '']: _, ...others } = roles;
        const nothingSaid = Object.keys(changed).length === 0;
        return {
          ...settings,
          limits: {
            everyone: roleId === null ? changed : everyone,
            roles: roleId === null || nothingSaid ? others : { ...others, [roleId]: changed },
          },
          queueLength: length === unsaid ? settings.queueLength : (length ?? null),
        };
      },
      {
        guildId,
        actorId,
        action: 'limits',
        targetUserId: null,
        generationId: null,
        reason: null,
        details: {
          ...(roleId === null ? {} : { role: roleId }),
          ...Object.fromEntries(said),
        },
      },
    ),
  );
  const shown = await limitsPage({ button: 'queue', list: 'limits', page: 0 }, guildId, texts, services);
  return { ...shown, content: `${texts.say('queue.limits.done')}\n${shown.content}` };
}

type NumberOption = 'waiting' | 'gpu_minutes' | 'cooldown' | 'video_length' | 'weight' | 'queue_length';

/** What stands in an option, and what the person calls it. */
export interface Given {
  readonly option: string;
  readonly text: string | null;
}

/** An option that was left out changes nothing. */
export const unsaid: unique symbol = Symbol('unsaid');

type Changes = { readonly [Name in keyof Required<Limits>]: Limits[Name] | undefined | typeof unsaid };

/** `undefined` takes the value away, so that what the bot starts with counts again. */
function withChanges(limits: SomeLimits, changes: Changes): SomeLimits {
  const entries = Object.entries(changes).filter(([, value]) => value !== unsaid);
  const merged = Object.entries({ ...limits, ...Object.fromEntries(entries) });
  return Object.fromEntries(merged.filter(([, value]) => value !== undefined));
}

export function number({ option, text }: Given, minimum: number, maximum: number): Value | typeof unsaid {
  if (text === null) return unsaid;
  if (means('default', text)) return undefined;
  if (means('none', text)) return null;
  const typed = asTyped(text);
  const value = /^\d{1,9}$/.test(typed) ? Number(typed) : NaN;
  if (value >= minimum && value <= maximum) return value;
  throw new Refusal('queue.number', { option, minimum, maximum });
}

/** Like {@link number}, for what cannot be without a limit, with decimals. */
function needed(
  { option, text }: Given,
  minimum: number,
  maximum: number,
): number | undefined | typeof unsaid {
  if (text === null) return unsaid;
  if (means('default', text)) return undefined;
  const typed = asTyped(text);
  const value = /^\d{1,3}([.,]\d{1,3})?$/.test(typed) ? Number(typed.replace(',', '.')) : NaN;
  if (value >= minimum && value <= maximum) return value;
  throw new Refusal('queue.number_needed', { option, minimum, maximum });
}

export function minutes(value: Value | typeof unsaid): Value | typeof unsaid {
  return typeof value === 'number' ? value * 60 : value;
}

export function cooldown({ text }: Given): Value | typeof unsaid {
  if (text === null) return unsaid;
  if (means('default', text)) return undefined;
  return means('none', text) ? null : parseTimeSpan(text, cooldownBounds);
}

/** There is always a longest video: what the file of this deployment allows. */
function videoLength({ text }: Given, maximumSeconds: number): number | undefined | typeof unsaid {
  if (text === null) return unsaid;
  if (means('default', text)) return undefined;
  return parseTimeSpan(text, { minimumSeconds: 1, maximumSeconds: Math.floor(maximumSeconds) });
}

/** Japanese keyboards type digits and letters in full width. */
function asTyped(text: string): string {
  return text.normalize('NFKC').trim().toLowerCase();
}

/** The words of all languages: a guide in one may be read by who has Discord in another. */
const words = {
  none: new Set(['0', '0s', ...allSay('queue.limits.word_none')]),
  default: new Set(allSay('queue.limits.word_default')),
} as const;

function allSay(key: 'queue.limits.word_none' | 'queue.limits.word_default'): string[] {
  return Object.values(catalogues).map((catalogue) => catalogue[key]);
}

function means(what: keyof typeof words, text: string): boolean {
  return words[what].has(asTyped(text));
}
