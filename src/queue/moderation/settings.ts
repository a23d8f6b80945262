import { defaultLabelStyle } from '../../marking/label.ts';
import { day } from '../../units.ts';
import { deploymentSettingsSchema, guildSettingsSchema } from './moderation.ts';
import type { DeploymentSettings, GuildSettings, Moderation, NewAuditEntry } from './moderation.ts';
import { checkedId } from './stored.ts';
import type { Stored } from './stored.ts';
import { recordRetentionDays } from '../../retention.ts';

/** Two changes of one guild's settings at once make one of them read again; more than this often is no accident. */
const changeAttempts = 20;

/** How long what is set in a guild is kept that the bot was thrown out of: milliseconds. */
const settingsOfLeft = 30 * day;

const newGuild: GuildSettings = {
  version: 1,
  limits: { everyone: {}, roles: {} },
  queueLength: null,
  rerunOthers: true,
  keepInputsDays: recordRetentionDays,
  askEachTime: false,
  label: defaultLabelStyle,
  logChannelId: null,
  filters: [],
};

const newDeployment: DeploymentSettings = {
  version: 1,
  limits: { waiting: null, gpuSecondsPerDay: null, cooldownSeconds: null },
  budgetGpuSecondsPerDay: null,
  label: true,
  filters: [],
  allowed: { guilds: [], people: [] },
};

/** A guild's settings as they are stored; where nothing is, those of a new guild. */
export function parseSettings(text: string | null | undefined): GuildSettings {
  return text === null || text === undefined ? newGuild : guildSettingsSchema.parse(JSON.parse(text));
}

/** As {@link parseSettings}, of the owners'. */
export function parseDeployment(text: string | null | undefined): DeploymentSettings {
  return text === null || text === undefined
    ? newDeployment
    : deploymentSettingsSchema.parse(JSON.parse(text));
}

/** What is set in guilds, and by the owners for everything. */
export function createSettings({
  connection,
  names,
  run,
  entry: entryOf,
}: Stored): Pick<
  Moderation,
  | 'deployment'
  | 'changeDeployment'
  | 'guild'
  | 'changeGuild'
  | 'guildLeft'
  | 'guildsJoined'
  | 'guildsWithSettings'
> {
  /** Only over what was read: whoever comes second reads again. */
  async function changeStored<T>(
    key: string,
    change: (text: string | null) => T,
    entry: NewAuditEntry,
  ): Promise<T> {
    for (let attempt = 0; attempt < changeAttempts; attempt += 1) {
      const [text, revision] = await connection.hmget(key, 'text', 'revision');
      const settings = change(text ?? null);
      const changed = await run('changeSettings', {
        key,
        revision: revision ?? '0',
        text: JSON.stringify(settings),
        entry: entryOf(entry),
      });
      if (changed === true) return settings;
    }
    throw new Error(`${key} changed again and again meanwhile`);
  }

  return {
    async deployment(): Promise<DeploymentSettings> {
      return parseDeployment(await connection.hget(names.deploymentSettings, 'text'));
    },

    async changeDeployment(
      change: (settings: DeploymentSettings) => DeploymentSettings,
      entry: NewAuditEntry,
    ): Promise<DeploymentSettings> {
      if (entry.guildId !== null) throw new Error("the entry of a change to everything is the owners'");
      return changeStored(
        names.deploymentSettings,
        (text) => deploymentSettingsSchema.parse(change(parseDeployment(text))),
        entry,
      );
    },

    async guild(guildId: string): Promise<GuildSettings> {
      return parseSettings(await connection.hget(names.settings(checkedId(guildId)), 'text'));
    },

    async changeGuild(
      guildId: string,
      change: (settings: GuildSettings) => GuildSettings,
      entry: NewAuditEntry,
    ): Promise<GuildSettings> {
      if (entry.guildId !== guildId) throw new Error("the entry of a guild's change is that guild's");
      return changeStored(
        names.settings(checkedId(guildId)),
        (text) => guildSettingsSchema.parse(change(parseSettings(text))),
        entry,
      );
    },

    async guildLeft(guildId: string): Promise<void> {
      const name = names.settings(checkedId(guildId));
      // One that is counted down already is not given more time by another bot, or by a restart.
      if ((await connection.pttl(name)) === -1) await connection.pexpire(name, settingsOfLeft);
    },

    async guildsJoined(guildIds: readonly string[]): Promise<void> {
      const keys = guildIds.map((guildId) => names.settings(checkedId(guildId)));
      await Promise.all(keys.map((key) => connection.persist(key)));
    },

    async guildsWithSettings(): Promise<string[]> {
      const pattern = names.settings('*');
      const [before = '', after = ''] = pattern.split('*');
      const found = new Set<string>();
      let cursor = '0';
      do {
        const [next, keys] = await connection.scan(cursor, 'MATCH', pattern, 'COUNT', 1000);
        for (const key of keys) found.add(key.slice(before.length, key.length - after.length));
        cursor = next;
      } while (cursor !== '0');
      return [...found];
    },
  };
}
