// Preloaded by Node (`--import`): leads our own files to the packed packages that set-up made, as long as these are what npm installed.
import { readFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installedAt, packed } from './quick-start.mjs';

function readIndex() {
  try {
    return JSON.parse(readFileSync(join(packed, 'index.json'), 'utf8'));
  } catch {
    return null; // made anew just now, or cut off: packages are there as they are
  }
}

const index = readIndex();
// A Node before 22.15 has no such hooks; npm itself may run in one.
if (index !== null && index.installedAt === installedAt() && nodeModule.registerHooks !== undefined) {
  const urls = new Map(
    Object.entries(index.files).map(([name, file]) => [name, pathToFileURL(join(packed, file)).href]),
  );
  nodeModule.registerHooks({
    resolve(specifier, context, next) {
      const url = urls.get(specifier);
      // Packages among themselves are packed already, and those that are not find what they always found.
      if (
        url === undefined ||
        context.parentURL?.includes('/node_modules/') ||
        context.conditions.includes('require')
      )
        return next(specifier, context);
      return { url, format: 'module', shortCircuit: true };
    },
  });
}
