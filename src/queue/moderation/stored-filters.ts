import { Failure } from '../../failure.ts';
import { checkFilter, compileFilters } from './filters.ts';
import { filterSchema, mostFilters } from './moderation.ts';
import type { Filter, Moderation, NewAuditEntry } from './moderation.ts';
import { parseDeployment, parseSettings } from './settings.ts';
import { checkedId } from './stored.ts';
import type { Stored } from './stored.ts';

/** Guilds whose compiled filters are kept; the one used longest ago makes room. */
const mostCompiled = 500;

interface Compiled {
  readonly revision: string;
  readonly find: (text: string) => Filter | null;
}

/** Words and patterns that prompts may not have: of a guild, or of the deployment (null). */
export function createFilters(
  { connection, names, newId, note }: Stored,
  settings: Pick<Moderation, 'deployment' | 'changeDeployment' | 'guild' | 'changeGuild'>,
): Pick<Moderation, 'filtered' | 'addFilter' | 'removeFilter'> {
  const compiledOf = new Map<string, Compiled>();

  async function meets(
    scope: string,
    key: string,
    filtersIn: (stored: string | null) => readonly Filter[],
    text: string,
  ): Promise<Filter | null> {
    const revision = await connection.hget(key, 'revision');
    if (revision === null) return null;
    let compiled = compiledOf.get(scope);
    // The revision is asked for each time, so that a change by any process counts from its moment on.
    if (compiled?.revision !== revision) {
      const [stored, current] = await connection.hmget(key, 'text', 'revision');
      compiled = { revision: current ?? '0', find: compileFilters(filtersIn(stored ?? null)) };
    }
    compiledOf.delete(scope);
    compiledOf.set(scope, compiled);
    for (const oldest of compiledOf.keys()) {
      if (compiledOf.size <= mostCompiled) break;
      compiledOf.delete(oldest);
    }
    return compiled.find(text);
  }

  /** The filters of a guild, or of the deployment (null). */
  async function filtersOf(guildId: string | null): Promise<readonly Filter[]> {
    return (guildId === null ? await settings.deployment() : await settings.guild(guildId)).filters;
  }

  async function changeFilters(
    guildId: string | null,
    change: (filters: Filter[]) => Filter[],
    entry: NewAuditEntry,
  ): Promise<void> {
    if (guildId === null) {
      await settings.changeDeployment((before) => ({ ...before, filters: change(before.filters) }), entry);
    } else {
      await settings.changeGuild(
        guildId,
        (before) => ({ ...before, filters: change(before.filters) }),
        entry,
      );
    }
  }

  return {
    async filtered(guildId: string | null, text: string): Promise<Filter | null> {
      const met = await meets(
        'deployment',
        names.deploymentSettings,
        (stored) => parseDeployment(stored).filters,
        text,
      );
      if (met !== null || guildId === null) return met;
      const key = names.settings(checkedId(guildId));
      return meets(guildId, key, (stored) => parseSettings(stored).filters, text);
    },

    async addFilter(
      guildId: string | null,
      { kind, text }: Pick<Filter, 'kind' | 'text'>,
      by: string,
    ): Promise<Filter> {
      const addedAt = Date.now();
      const filter = filterSchema.parse({ id: newId(addedAt), kind, text, addedBy: by, addedAt });
      await changeFilters(
        guildId,
        (filters) => {
          if (filters.length >= mostFilters) {
            throw new Failure('invalid_input', 'filter_too_many', { maximum: mostFilters });
          }
          checkFilter(filter, filters);
          return [...filters, filter];
        },
        note({ guildId, actorId: by, action: 'filter_add', details: { filter: filter.id, kind, text } }),
      );
      return filter;
    },

    async removeFilter(guildId: string | null, filterId: string, by: string): Promise<Filter | null> {
      const found = (await filtersOf(guildId)).find(({ id }) => id === filterId);
      if (found === undefined) return null;
      await changeFilters(
        guildId,
        (filters) => filters.filter(({ id }) => id !== filterId),
        note({
          ...{ guildId, actorId: by, action: 'filter_remove' },
          details: { filter: filterId, kind: found.kind, text: found.text },
        }),
      );
      return found;
    },
  };
}
