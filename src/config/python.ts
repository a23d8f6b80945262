import { join } from 'node:path';

/** The Python of the engine's packages, as set-up makes it; nobody has looked whether it is there. */
export function enginePython(projectRoot: string): string {
  return join(projectRoot, '.venv', 'bin', 'python');
}
