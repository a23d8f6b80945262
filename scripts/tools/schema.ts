/** `npm run schema`: writes the grammar of generate.yaml for the engine and for editors, out of src/config/generate.ts. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../src/config/environment.ts';
import { generateFileSchema } from '../../src/config/generate.ts';

const file = join(projectRoot, 'engine', 'humo_engine', 'generate.schema.json');
await writeFile(file, `${JSON.stringify(generateFileSchema(), undefined, 2)}\n`);
