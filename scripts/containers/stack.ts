import { join } from 'node:path';
import { docker } from './docker.ts';
import type { DockerOptions } from './docker.ts';
import type { Engine } from './docker-engine.ts';

/** Arguments of `docker` that run Compose on our files, later ones over earlier ones, as a project of its own. */
export function composeArguments(files: readonly string[], args: readonly string[]): string[] {
  return [
    ...['compose', '--project-name', 'humo-trial', '--progress', 'plain'],
    ...['compose.yaml', ...files].flatMap((file) => ['--file', file]),
    ...args,
  ];
}

/** The stack of containers that a trial works on. */
export class Stack {
  readonly engine: Engine;
  readonly #folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly #files: readonly string[];

  /**
   * @param project the copy of the project
   * @param environment what would stand in docker/.env
   * @param files beside compose.yaml
   */
  constructor(
    engine: Engine,
    project: string,
    environment: Readonly<Record<string, string>>,
    files: readonly string[],
  ) {
    this.engine = engine;
    this.#folder = join(project, 'docker');
    this.environment = environment;
    this.#files = files;
  }

  /** The same containers with other settings; or, of other files, others. */
  with(environment: Readonly<Record<string, string>>, files = this.#files): Stack {
    return new Stack(this.engine, join(this.#folder, '..'), { ...this.environment, ...environment }, files);
  }

  async compose(args: readonly string[], options: DockerOptions = {}) {
    return await docker(this.engine, composeArguments(this.#files, args), {
      ...options,
      folder: this.#folder,
      environment: { ...this.environment, ...options.environment },
    });
  }

  /** Runs a command in a container that runs. */
  async inside(service: string, command: readonly string[], options: DockerOptions = {}) {
    return await this.compose(['exec', '--no-TTY', service, ...command], options);
  }

  /** Ids of a service's containers, also of those that have ended. */
  async containers(service: string): Promise<string[]> {
    const { stdout } = await this.compose(['ps', '--all', '--quiet', service]);
    return stdout.split('\n').filter((line) => line !== '');
  }

  /** What the engine knows of a service's only container, by a Go template. */
  async inspect(service: string, template: string): Promise<string> {
    const [container = ''] = await this.containers(service);
    return (await docker(this.engine, ['inspect', '--format', template, container])).stdout.trim();
  }

  async logs(service: string): Promise<string> {
    return (await this.compose(['logs', '--no-log-prefix', service])).all;
  }
}
