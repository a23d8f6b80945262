import { readdir } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { isHandler } from '../commands/support/definition.ts';
import type {
  Button,
  Handler,
  MessageMenu,
  Modal,
  Reaction,
  SlashCommand,
} from '../commands/support/definition.ts';

const commandsFolder = fileURLToPath(new URL('../commands/', import.meta.url));

/** By what an interaction names them: the command, the first part of the `custom_id`, the emoji. */
export interface Handlers {
  readonly slash: ReadonlyMap<string, SlashCommand>;
  readonly messages: ReadonlyMap<string, MessageMenu>;
  readonly buttons: ReadonlyMap<string, Button>;
  readonly modals: ReadonlyMap<string, Modal>;
  readonly reactions: ReadonlyMap<string, Reaction>;
}

/**
 * Loads every file of a folder; what they share lies in folders below it and is left alone.
 *
 * @throws Error that names the file that does not fit, or the two that share a name
 */
export async function loadHandlers(folder: string = commandsFolder): Promise<Handlers> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /\.[cm]?[jt]s$/.test(entry.name));
  const handlers = {
    slash: new Map<string, SlashCommand>(),
    messages: new Map<string, MessageMenu>(),
    buttons: new Map<string, Button>(),
    modals: new Map<string, Modal>(),
    reactions: new Map<string, Reaction>(),
  };
  for (const { name: file } of files) {
    const loaded: { default?: unknown } = await import(pathToFileURL(join(folder, file)).href);
    const given: unknown[] = Array.isArray(loaded.default) ? loaded.default : [loaded.default];
    for (const handler of given) {
      if (!isHandler(handler)) {
        throw new Error(
          `${join(folder, file)} is no command: its default export must satisfy a Handler of support/definition.ts, or be a list of them`,
        );
      }
      if (!add(handler)) {
        throw new Error(
          `${join(folder, file)}: there already is a ${handler.kind} handler named '${handler.name}'`,
        );
      }
    }
  }
  return handlers;

  function add(handler: Handler): boolean {
    switch (handler.kind) {
      case 'slash':
        return put(handlers.slash, handler.name, handler);
      case 'message':
        return put(handlers.messages, handler.name, handler);
      case 'button':
        return put(handlers.buttons, handler.name, handler);
      case 'modal':
        return put(handlers.modals, handler.name, handler);
      case 'reaction':
        return put(handlers.reactions, handler.emoji, handler);
    }
  }
}

function put<T>(map: Map<string, T>, key: string, value: T): boolean {
  if (map.has(key)) return false;
  map.set(key, value);
  return true;
}
