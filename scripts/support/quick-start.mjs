import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What lets Node's programs start sooner: packages in a few files, and what Node has compiled of them. Plain JavaScript, since set-up comes here before anything is installed. */

const modules = fileURLToPath(new URL('../../node_modules/', import.meta.url));

/** Where set-up leaves the packed packages, with an `index.json`. */
export const packed = join(modules, '.cache', 'packages');

/** When npm last changed what is installed; null: never. */
export function installedAt() {
  return statSync(join(modules, '.package-lock.json'), { throwIfNoEntry: false })?.mtimeMs ?? null;
}

/**
 * Variables of the environment with which a Node starts sooner, and all that it starts.
 *
 * @param {Record<string, string | undefined>} environment
 * @returns {Record<string, string>}
 */
export function quickStart({ NODE_COMPILE_CACHE, NODE_OPTIONS = '' }) {
  const hook = new URL('packed-packages.mjs', import.meta.url).href;
  const isPacked = existsSync(join(packed, 'index.json')) && !NODE_OPTIONS.includes(hook);
  return {
    // Beside the modules that it is made from, so that it goes with them.
    NODE_COMPILE_CACHE: NODE_COMPILE_CACHE ?? join(modules, '.cache', 'node'),
    NODE_OPTIONS: isPacked ? `${NODE_OPTIONS} --import=${hook}`.trim() : NODE_OPTIONS,
  };
}
