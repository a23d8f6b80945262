import type { RateLimitName } from '../limits.ts';
import type { World } from '../world.ts';
import type { RequestBody } from './body.ts';

export interface RestRequest {
  readonly world: World;
  readonly method: string;
  readonly query: URLSearchParams;
  readonly body: RequestBody;
  readonly params: Readonly<Record<string, string>>;
  /** a part of the path. @throws Error when the route has no such part */
  readonly param: (name: string) => string;
}

export interface RestAnswer {
  readonly status: number;
  readonly body?: unknown;
}

export interface Route {
  readonly method: string;
  /** as Discord's OpenAPI document writes it, such as `/channels/{channel_id}/messages` */
  readonly path: string;
  /** false where a token in the path stands for the authorisation */
  readonly authenticated: boolean;
  /** the window it counts against, kept apart by the named part of the path */
  readonly rateLimit?: { readonly name: RateLimitName; readonly major?: string };
  handle(request: RestRequest): RestAnswer | Promise<RestAnswer>;
}

export interface MatchedRoute {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds the route of a request. */
export class Router {
  private readonly routes: readonly { readonly route: Route; readonly segments: readonly string[] }[];

  constructor(routes: readonly Route[]) {
    this.routes = routes.map((route) => ({ route, segments: route.path.split('/') }));
  }

  /** @returns the route, `wrongMethod` when only other methods exist at this path, or undefined */
  find(method: string, path: string): MatchedRoute | 'wrongMethod' | undefined {
    const parts = pathParts(path);
    let wrongMethod = false;
    for (const { route, segments } of this.routes) {
      const params = matchSegments(segments, parts);
      if (params === undefined) continue;
      if (route.method === method) return { route, params };
      wrongMethod = true;
    }
    return wrongMethod ? 'wrongMethod' : undefined;
  }
}

/** The decoded parts of a path; none of a path that is wrongly encoded. */
export function pathParts(path: string): string[] {
  try {
    return path.split('/').map(decodeURIComponent);
  } catch {
    return [];
  }
}

/** @returns the values of the `{names}`, or undefined when the path does not fit */
export function matchSegments(
  segments: readonly string[],
  parts: readonly string[],
): Record<string, string> | undefined {
  if (segments.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const part = parts[index] ?? '';
    if (segment.startsWith('{') && part !== '') params[segment.slice(1, -1)] = part;
    else if (segment !== part) return undefined;
  }
  return params;
}
