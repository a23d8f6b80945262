import { readFileSync } from 'node:fs';
import { cp, mkdir, readdir, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DockerfileParser } from 'dockerfile-ast';
import { projectRoot } from '../../src/config/environment.ts';

/** Makes of a folder what /app is in an image: what its Dockerfile copies there from the repository, and the npm packages. */
export async function layOutImage(image: 'bot' | 'worker', folder: string): Promise<void> {
  const file = DockerfileParser.parse(readFileSync(join(projectRoot, 'docker', image, 'Dockerfile'), 'utf8'));
  const stageNamed = (name: string | null) => file.getFROMs().find((from) => from.getBuildStage() === name);
  if (stageNamed(image) === undefined) throw new Error(`no stage makes the image ${image}`);
  // The stage itself, and those that it begins with.
  for (let from = stageNamed(image); from !== undefined; from = stageNamed(from.getImage())) {
    for (const copy of file.getContainingImage(from.getRange().start)?.getCOPYs() ?? []) {
      if (copy.getFromFlag() !== null) continue;
      const names = copy.getArguments().map((argument) => argument.getValue());
      const target = names.pop() ?? '';
      for (const source of (await Promise.all(names.map(expand))).flat()) {
        const to = join(folder, target, target.endsWith('/') ? basename(source) : '');
        await mkdir(dirname(to), { recursive: true });
        await cp(join(projectRoot, source), to, { recursive: true });
      }
    }
  }
  await symlink(join(projectRoot, 'node_modules'), join(folder, 'node_modules'));
}

/** The files that a name with a star stands for. */
async function expand(source: string): Promise<string[]> {
  if (!source.includes('*')) return [source];
  const [folder, ending] = [dirname(source), basename(source).replace('*', '')];
  const found = await readdir(join(projectRoot, folder));
  return found.filter((name) => name.endsWith(ending)).map((name) => join(folder, name));
}
