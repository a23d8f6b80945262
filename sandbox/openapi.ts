import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { JsonObject } from './model.ts';
import type { RequestBody } from './rest/body.ts';
import { isObject, objectOf, objects } from './json.ts';
import { matchSegments, pathParts } from './rest/router.ts';

interface Operation {
  readonly template: string;
  readonly segments: readonly string[];
  readonly method: string;
  /** JSON pointer to the operation within the document */
  readonly pointer: string;
  readonly definition: JsonObject;
  readonly parameters: readonly { readonly pointer: string; readonly definition: JsonObject }[];
}

/** Documents that were read already, by path: compiling their schemas is most of the work of a first request. */
const loaded = new Map<string, Promise<OpenApi>>();

/** Discord's OpenAPI document, as a check on requests and on the sandbox's own answers. */
export class OpenApi {
  private readonly ajv: Ajv2020;
  private readonly operations: readonly Operation[];
  private readonly validators = new Map<string, ValidateFunction>();

  private constructor(document: JsonObject) {
    this.ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: true, coerceTypes: false });
    formats.default(this.ajv);
    // Formats of Discord's own: the patterns beside them in the document already say what is allowed.
    for (const name of ['snowflake', 'nonce']) this.ajv.addFormat(name, true);
    this.ajv.addSchema(document, 'discord');
    this.operations = listOperations(document);
  }

  /** @param path of the document @throws Error when it cannot be read or is no such document */
  static async load(path: string): Promise<OpenApi> {
    const known = loaded.get(path) ?? OpenApi.read(path);
    loaded.set(path, known);
    try {
      return await known;
    } catch (error) {
      loaded.delete(path);
      throw error;
    }
  }

  private static async read(path: string): Promise<OpenApi> {
    let document: unknown;
    try {
      document = JSON.parse(await readFile(path, 'utf8'));
    } catch (error) {
      throw new Error(`the OpenAPI document ${path} cannot be read; unset SANDBOX_OPENAPI to go without`, {
        cause: error,
      });
    }
    if (!isObject(document) || !isObject(document['paths'])) {
      throw new Error(`${path} is no OpenAPI document: it has no "paths"`);
    }
    return new OpenApi(document);
  }

  /** @returns what the document does not allow about a request, empty when all is well */
  checkRequest(method: string, path: string, query: URLSearchParams, body: RequestBody): string[] {
    const found = this.find(method, path);
    if (found === undefined) return ["Discord's document has no such endpoint"];
    const reported: string[] = [];
    const report = (problem: string): void => void reported.push(problem);
    const { operation, params } = found;
    for (const { pointer, definition } of operation.parameters) {
      const name = String(definition['name']);
      const where = String(definition['in']);
      const value = where === 'path' ? params[name] : (query.get(name) ?? undefined);
      if (value === undefined) {
        if (definition['required'] === true) report(`the ${where} parameter ${name} is missing`);
      } else {
        const problems = this.validate(`${pointer}/schema`, readParameter(value), value);
        if (problems.length > 0) report(`the ${where} parameter ${name} ${problems.join('; ')}`);
      }
    }
    const known = new Set(operation.parameters.map(({ definition }) => definition['name']));
    for (const name of query.keys()) {
      if (!known.has(name)) report(`the query parameter ${name} does not exist`);
    }
    this.checkBody(operation, body, report);
    return reported;
  }

  /** @returns what the document does not allow about an answer, empty when all is well */
  checkResponse(method: string, path: string, status: number, body: unknown): string[] {
    const found = this.find(method, path);
    if (found === undefined) return [];
    const { operation } = found;
    const responses = objectOf(operation.definition['responses']);
    const response = responses[String(status)];
    if (response === undefined) {
      return status < 400 ? [`status ${status} is not among ${Object.keys(responses).join(', ')}`] : [];
    }
    const content = objectOf(response)['content'];
    if (!isObject(content) || content['application/json'] === undefined) return [];
    return this.validate(`${operation.pointer}/responses/${status}/content/application~1json/schema`, body);
  }

  private checkBody(operation: Operation, body: RequestBody, report: (problem: string) => void): void {
    const requestBody = operation.definition['requestBody'];
    if (!isObject(requestBody)) {
      if (body.json !== undefined || body.files.length > 0) report('a body is sent where none is expected');
      return;
    }
    const content = objectOf(requestBody['content']);
    const contentType = body.files.length > 0 ? 'multipart/form-data' : 'application/json';
    if (content[contentType] === undefined) {
      report(`the body is ${contentType}, which is not among ${Object.keys(content).join(', ')}`);
      return;
    }
    if (body.json === undefined && body.files.length === 0) {
      if (requestBody['required'] === true) report('the body is missing');
      return;
    }
    const pointer = `${operation.pointer}/requestBody/content/${escapePointer(contentType)}/schema`;
    const problems = this.validate(pointer, asDocumented(body.json ?? {}));
    if (problems.length > 0) report(`the body ${problems.join('; ')}`);
  }

  private find(method: string, path: string) {
    const parts = pathParts(path);
    let best: { operation: Operation; params: Record<string, string> } | undefined;
    for (const operation of this.operations) {
      if (operation.method !== method) continue;
      const params = matchSegments(operation.segments, parts);
      if (params === undefined) continue;
      // `/users/@me` fits `/users/{user_id}` too: the one with fewer placeholders is meant.
      if (best === undefined || Object.keys(params).length < Object.keys(best.params).length) {
        best = { operation, params };
      }
    }
    return best;
  }

  /** Tries each form in which a value may be meant, the likeliest first; it is fine when one of them fits. */
  private validate(pointer: string, ...forms: unknown[]): string[] {
    let validator = this.validators.get(pointer);
    if (validator === undefined) {
      validator = this.ajv.compile({ $ref: `discord#${encodeURI(pointer)}` });
      this.validators.set(pointer, validator);
    }
    let problems: string[] | undefined;
    for (const form of forms) {
      if (validator(form)) return [];
      problems ??= describe(validator.errors ?? []);
    }
    return problems ?? [];
  }
}

function parametersOf(owner: JsonObject, pointer: string): Operation['parameters'] {
  return objects(owner['parameters']).map((definition, index) => ({
    pointer: `${pointer}/parameters/${index}`,
    definition,
  }));
}

function listOperations(document: JsonObject): Operation[] {
  return Object.entries(objectOf(document['paths'])).flatMap(([template, value]) => {
    const item = objectOf(value);
    const base = `/paths/${escapePointer(template)}`;
    return Object.entries(item)
      .filter(([name]) => ['get', 'put', 'post', 'patch', 'delete'].includes(name))
      .map(([name, operation]) => {
        const definition = objectOf(operation);
        const pointer = `${base}/${name}`;
        return {
          template,
          segments: template.split('/'),
          method: name.toUpperCase(),
          pointer,
          definition,
          parameters: [...parametersOf(item, base), ...parametersOf(definition, pointer)],
        };
      });
  });
}

/**
 * The document wants `default_member_permissions` as an integer, while Discord's reference (and every library) sends the bit
 * set as a string, since it outgrows the integers of JSON readers. Both are accepted in reality.
 */
function asDocumented(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asDocumented);
  if (!isObject(value) || typeof value['default_member_permissions'] !== 'string') return value;
  return { ...value, default_member_permissions: Number(value['default_member_permissions']) };
}

/** A query or path value as the JSON type it stands for. */
function readParameter(value: string): unknown {
  if (value === 'true' || value === 'false') return value === 'true';
  return /^-?\d{1,15}$/.test(value) ? Number(value) : value;
}

function depth(error: ErrorObject): number {
  return error.instancePath.split('/').length;
}

/** The deepest complaints first: of a union that does not fit, they tell what was nearly right. */
function describe(errors: readonly ErrorObject[]): string[] {
  const sorted = [...errors].sort((left, right) => depth(right) - depth(left));
  const texts = sorted.map((error) => {
    const detail =
      error.keyword === 'enum' || error.keyword === 'const' ? ` ${JSON.stringify(error.params)}` : '';
    return `${error.instancePath === '' ? '' : `at ${error.instancePath} `}${error.message ?? error.keyword}${detail}`;
  });
  return [...new Set(texts)].slice(0, 4);
}

function escapePointer(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}
