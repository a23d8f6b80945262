import { randomBytes } from 'node:crypto';
import { cp, lstat, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { projectRoot } from '../../src/config/environment.ts';

/** A file that was put into the copy, and can be told in any layer by a word that is nowhere else. */
export const plantedSchema = z.object({ path: z.string(), mark: z.string() });
export type Planted = Readonly<z.infer<typeof plantedSchema>>;

/** What a later run has to know of the copy: where it lies, and what was planted in it. */
export const copySchema = z.object({
  project: z.string(),
  forbidden: z.array(plantedSchema),
  controls: z.array(plantedSchema),
});

export interface ProjectCopy {
  readonly folder: string;
  /** secrets and weights, where people have them; no image may hold one */
  readonly forbidden: readonly Planted[];
  /** beside files of ours; were these not found in the images, the search would find nothing at all */
  readonly controls: readonly Planted[];
}

const forbiddenPaths = [
  '.env',
  'docker/.env.local',
  'docker/bot/.env',
  'engine/.env',
  'src/.env.production',
  'weights/17b/model.safetensors',
  'engine/humo_engine/vae.pth',
  'engine/humo_engine/lora.pt',
  'src/media/face.onnx',
  'src/extra.safetensors',
  'data/artifacts/uploaded.png',
  'node_modules/stray/key.txt',
  'id_ed25519',
];
const controlPaths = ['src/control.txt', 'engine/humo_engine/control.txt', 'web/control.txt'];

/**
 * Copies what git knows of the project, as it stands, and plants in the copy what must never get into an image. The project itself, and
 * whatever secrets lie in it, are not touched.
 */
export async function copyProject(folder: string): Promise<ProjectCopy> {
  await rm(folder, { recursive: true, force: true });
  const { stdout } = await execa('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: projectRoot,
  });
  for (const path of stdout.split('\0').filter((each) => each !== '')) {
    const source = join(projectRoot, path);
    const there = await lstat(source).catch(() => null);
    // Deleted and not yet committed.
    if (there !== null) await cp(source, join(folder, path), { verbatimSymlinks: true });
  }
  const plant = async (path: string): Promise<Planted> => {
    const mark = `planted-${randomBytes(16).toString('hex')}`;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), `TOKEN=${mark}\n`);
    return { path, mark };
  };
  const forbidden: Planted[] = [];
  for (const path of forbiddenPaths) forbidden.push(await plant(path));
  const controls: Planted[] = [];
  for (const path of controlPaths) controls.push(await plant(path));
  return { folder, forbidden, controls };
}
