import { readdir } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { isHandler } from '../commands/support/definition.ts';
import type { Button, Handler, SlashCommand } from '../commands/support/definition.ts';

export const commandsFolder = fileURLToPath(new URL('../commands/', import.meta.url));

export interface Handlers {
  readonly slash: ReadonlyMap<string, SlashCommand>;
  readonly buttons: ReadonlyMap<string, Button>;
}

/**
 * Loads every file of a folder; what they share lies in folders below it and is left alone.
 *
 * @throws Error that names the file that does not fit, or the two that share a name
 */
export async function loadHandlers(folder: string = commandsFolder): Promise<Handlers> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /\.[cm]?[jt]s$/.test(entry.name));
  const slash = new Map<string, SlashCommand>();
  const buttons = new Map<string, Button>();
  for (const { name: file } of files) {
    const loaded: { default?: unknown } = await import(pathToFileURL(join(folder, file)).href);
    const handler = loaded.default;
    if (!isHandler(handler)) {
      throw new Error(
        `${join(folder, file)} is no command: its default export must satisfy SlashCommand or Button of support/definition.ts`,
      );
    }
    add(handler, file);
  }
  return { slash, buttons };

  function add(handler: Handler, file: string): void {
    const known: ReadonlyMap<string, Handler> = handler.kind === 'slash' ? slash : buttons;
    if (known.has(handler.name)) {
      throw new Error(
        `${join(folder, file)}: there already is a ${handler.kind} handler named '${handler.name}'`,
      );
    }
    if (handler.kind === 'slash') slash.set(handler.name, handler);
    else buttons.set(handler.name, handler);
  }
}
