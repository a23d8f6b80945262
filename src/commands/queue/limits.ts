import { reachable } from '../../intake/take-on.ts';
import type { GuildSettings, Limits } from '../../queue/moderation.ts';
import { Refusal } from '../../refusal.ts';
import type { Texts } from '../../text/texts.ts';
import { message } from '../render/message.ts';
import type { RenderedMessage } from '../render/message.ts';
import type { Services } from '../support/services.ts';
import { parseTimeSpan, timeSpan } from '../support/time-span.ts';
import type { Moderating } from './acting.ts';
import { page } from './pages.ts';
import type { PagePlace } from './pages.ts';

const cooldownBounds = { minimumSeconds: 1, maximumSeconds: 86_400 };

type SomeLimits = GuildSettings['limits']['everyone'];

/** As stored: a number, null for no limit, undefined for what the bot starts with. */
type Value = number | null | undefined;

export async function limitsPage(
  place: PagePlace,
  guildId: string,
  texts: Texts,
  { moderation }: Services,
): Promise<RenderedMessage> {
  const { limits, queueLength } = await reachable(moderation.guild(guildId));
  const roles = Object.entries(limits.roles);
  const length = queueLength === null ? texts.say('queue.limits.none') : String(queueLength);
  const heading = [
    texts.say('queue.limits.heading'),
    texts.say('queue.limits.everyone', { limits: limitsText(limits.everyone, texts) }),
    texts.say('queue.limits.queue_length', { value: length }),
  ];
  if (roles.length === 0) return message(heading);
  return page(roles, place, texts, {
    heading,
    line: ([roleId, role]) => texts.say('queue.limits.role', { roleId, limits: limitsText(role, texts) }),
  });
}

function limitsText(limits: SomeLimits, texts: Texts): string {
  const { waiting, gpuSecondsPerDay, cooldownSeconds, weight } = limits;
  const parts: [Value | string, 'waiting' | 'gpu_minutes' | 'cooldown' | 'weight'][] = [
    [waiting, 'waiting'],
    [typeof gpuSecondsPerDay === 'number' ? gpuSecondsPerDay / 60 : gpuSecondsPerDay, 'gpu_minutes'],
    [typeof cooldownSeconds === 'number' ? timeSpan(cooldownSeconds) : cooldownSeconds, 'cooldown'],
    [weight, 'weight'],
  ];
  const said = parts.flatMap(([value, name]) => {
    if (value === undefined) return [];
    const shown = value === null ? texts.say('queue.limits.unlimited') : String(value);
    return [texts.say(`queue.limits.${name}`, { value: shown })];
  });
  return said.length === 0 ? texts.say('queue.limits.as_default') : said.join(' · ');
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
    weight: needed(given('weight'), 0.1, 10),
  };
  const length = number(given('queue_length'), 1, 10_000);
  if (roleId !== null && length !== unsaid) throw new Refusal('queue.limits.length_for_all');
  const said = Object.entries({ ...changes, queueLength: length }).flatMap(([name, value]) =>
    value === unsaid ? [] : [[name, value === undefined ? 'default' : value] as const],
  );
  if (said.length === 0) throw new Refusal('queue.limits.nothing');
  await reachable(
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

type NumberOption = 'waiting' | 'gpu_minutes' | 'cooldown' | 'weight' | 'queue_length';

/** What stands in an option, and what the person calls it. */
interface Given {
  readonly option: string;
  readonly text: string | null;
}

/** An option that was left out changes nothing. */
const unsaid: unique symbol = Symbol('unsaid');

type Changes = { readonly [Name in keyof Limits]: Limits[Name] | undefined | typeof unsaid };

/** `undefined` takes the value away, so that what the bot starts with counts again. */
function withChanges(limits: SomeLimits, changes: Changes): SomeLimits {
  const entries = Object.entries(changes).filter(([, value]) => value !== unsaid);
  const merged = Object.entries({ ...limits, ...Object.fromEntries(entries) });
  return Object.fromEntries(merged.filter(([, value]) => value !== undefined));
}

function number({ option, text }: Given, minimum: number, maximum: number): Value | typeof unsaid {
  if (text === null) return unsaid;
  if (isDefault(text)) return undefined;
  if (isNone(text)) return null;
  const value = /^\d{1,9}$/.test(text.trim()) ? Number(text) : NaN;
  if (value >= minimum && value <= maximum) return value;
  throw new Refusal('queue.number', { option, minimum: String(minimum), maximum: String(maximum) });
}

/** Like {@link number}, for what cannot be without a limit, with decimals. */
function needed(
  { option, text }: Given,
  minimum: number,
  maximum: number,
): number | undefined | typeof unsaid {
  if (text === null) return unsaid;
  if (isDefault(text)) return undefined;
  const value = /^\d{1,3}([.,]\d{1,3})?$/.test(text.trim()) ? Number(text.trim().replace(',', '.')) : NaN;
  if (value >= minimum && value <= maximum) return value;
  throw new Refusal('queue.number_needed', { option, minimum: String(minimum), maximum: String(maximum) });
}

function minutes(value: Value | typeof unsaid): Value | typeof unsaid {
  return typeof value === 'number' ? value * 60 : value;
}

function cooldown({ text }: Given): Value | typeof unsaid {
  if (text === null) return unsaid;
  if (isDefault(text)) return undefined;
  return isNone(text) ? null : parseTimeSpan(text, cooldownBounds);
}

/** English and German, as the descriptions say it. */
function isNone(text: string): boolean {
  return ['0', '0s', 'none', 'no', 'off', 'keine', 'ohne'].includes(text.trim().toLowerCase());
}

function isDefault(text: string): boolean {
  return ['default', 'vorgabe'].includes(text.trim().toLowerCase());
}
