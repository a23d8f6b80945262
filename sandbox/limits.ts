import { createHash } from 'node:crypto';
import type { Clock } from './clock.ts';
import { DiscordError } from './errors.ts';

const mebibyte = 1024 * 1024;

/** Numbers from https://discord.com/developers/docs; "observed" marks those it does not state. */
export const limits = {
  firstResponse: 3_000,
  tokenLifetime: 15 * 60_000,
  followUpsOfUserInstall: 5,
  content: 2_000,
  embeds: 10,
  embedCharacters: 6_000,
  embedTitle: 256,
  embedDescription: 4_096,
  embedFields: 25,
  embedFieldName: 256,
  embedFieldValue: 1_024,
  embedFooter: 2_048,
  embedAuthor: 256,
  actionRows: 5,
  buttonsPerRow: 5,
  componentsV2: 40,
  textDisplayCharacters: 4_000,
  customId: 100,
  buttonLabel: 80,
  selectOptions: 25,
  radioOptions: { least: 2, most: 10 },
  checkboxOptions: { least: 1, most: 10 },
  fileUploads: { least: 0, most: 10 },
  textInput: { least: 0, most: 4_000 },
  galleryItems: 10,
  filesPerMessage: 10,
  nonce: 25,
  /** observed: "a few minutes" */
  nonceMemory: 5 * 60_000,
  reactionsPerMessage: 20,
  modalTitle: 45,
  modalComponents: 5,
  autocompleteChoices: 25,
  commandsPerGuild: 100,
  commandOptions: 25,
  commandChoices: 25,
  commandCharacters: 8_000,
  commandCreatesPerDay: 200,
  oldMessage: 60 * 60_000,
  globalPerSecond: 50,
} as const;

/** Bytes per file that a guild of a boost tier allows. https://discord.com/developers/docs/reference#uploading-files */
export function uploadLimitOfTier(boostTier: number, base = 10 * mebibyte): number {
  if (boostTier >= 3) return Math.max(base, 100 * mebibyte);
  return boostTier === 2 ? Math.max(base, 50 * mebibyte) : base;
}

export interface RateLimit {
  /** requests per window */
  readonly limit: number;
  /** milliseconds */
  readonly window: number;
}

/**
 * Windows per route. Discord documents none of them and asks to read the headers; these are what was observed, so that a bot
 * which does read them is put to the same test.
 */
export const rateLimits = {
  messageCreate: { limit: 5, window: 5_000 },
  messageEdit: { limit: 5, window: 5_000 },
  oldMessageEdit: { limit: 3, window: 6_000 },
  messageDelete: { limit: 5, window: 1_000 },
  reaction: { limit: 1, window: 250 },
  webhook: { limit: 5, window: 2_000 },
  read: { limit: 50, window: 1_000 },
  commands: { limit: 20, window: 5_000 },
  createConversation: { limit: 10, window: 10_000 },
} as const satisfies Record<string, RateLimit>;

export type RateLimitName = keyof typeof rateLimits;

interface Window {
  used: number;
  ends: number;
}

/** Counts requests per route and over all, and refuses those beyond with 429, headers included. */
export class RateLimiter {
  private readonly clock: Clock;
  private readonly enabled: boolean;
  private readonly windows = new Map<string, Window>();
  private readonly global: Window = { used: 0, ends: 0 };

  constructor(clock: Clock, enabled: boolean) {
    this.clock = clock;
    this.enabled = enabled;
  }

  /**
   * Counts one request against a route.
   * @param major the id that Discord keeps separate windows for: channel, guild or webhook
   * @returns the X-RateLimit headers of its answer
   * @throws DiscordError 429
   */
  take(name: RateLimitName, major: string): Record<string, string> {
    const { window, headers } = this.count(name, major);
    if (window.used > rateLimits[name].limit) {
      throw rateLimited(this.secondsTo(window.ends), 0, 'You are being rate limited.', 'user', headers);
    }
    return headers;
  }

  /** Counts an edit of a message older than an hour. @throws DiscordError 429 with code 30046 */
  takeOldMessageEdit(channelId: string): void {
    const { window, headers } = this.count('oldMessageEdit', channelId);
    if (window.used > rateLimits.oldMessageEdit.limit) {
      throw rateLimited(
        this.secondsTo(window.ends),
        30046,
        'Maximum number of edits to messages older than 1 hour reached. Try again later.',
        'shared',
        headers,
      );
    }
  }

  /** Counts one request of the bot against the limit over all routes. @throws DiscordError 429 */
  takeGlobal(): void {
    if (!this.enabled) return;
    const now = this.clock.now();
    if (this.global.ends <= now) Object.assign(this.global, { used: 0, ends: now + 1_000 });
    this.global.used += 1;
    if (this.global.used > limits.globalPerSecond) {
      throw rateLimited(this.secondsTo(this.global.ends), 0, 'You are being rate limited.', 'global', {
        'X-RateLimit-Global': 'true',
      });
    }
  }

  private count(name: RateLimitName, major: string): { window: Window; headers: Record<string, string> } {
    const { limit, window: length } = rateLimits[name];
    const now = this.clock.now();
    const key = `${name} ${major}`;
    let window = this.windows.get(key);
    if (window === undefined || window.ends <= now) {
      if (this.windows.size > 10_000) this.forgetEnded(now);
      window = { used: 0, ends: now + length };
      this.windows.set(key, window);
    }
    if (this.enabled) window.used += 1;
    const headers = {
      'X-RateLimit-Limit': String(limit),
      'X-RateLimit-Remaining': String(Math.max(0, limit - window.used)),
      'X-RateLimit-Reset': (window.ends / 1000).toFixed(3),
      'X-RateLimit-Reset-After': this.secondsTo(window.ends).toFixed(3),
      'X-RateLimit-Bucket': createHash('md5').update(name).digest('hex'),
    };
    return { window, headers };
  }

  private secondsTo(time: number): number {
    return Math.max(0.001, (time - this.clock.now()) / 1000);
  }

  private forgetEnded(now: number): void {
    for (const [key, window] of this.windows) if (window.ends <= now) this.windows.delete(key);
  }
}

/** A 429 in Discord's form. https://discord.com/developers/docs/topics/rate-limits#exceeding-a-rate-limit */
export function rateLimited(
  retryAfterSeconds: number,
  code: number,
  message: string,
  scope: 'user' | 'global' | 'shared',
  headers: Record<string, string> = {},
): DiscordError {
  const retryAfter = Number(retryAfterSeconds.toFixed(3));
  return new DiscordError(
    429,
    code,
    message,
    { retry_after: retryAfter, global: scope === 'global' },
    { ...headers, 'Retry-After': String(retryAfter), 'X-RateLimit-Scope': scope },
  );
}
