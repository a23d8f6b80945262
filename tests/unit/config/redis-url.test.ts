import { expect, test } from 'vitest';
import { parseRedisUrl } from '../../../src/config/redis-url.ts';

test('a socket, with what a URL without a host can only say in its query', () => {
  expect(parseRedisUrl('unix:///run/redis/redis.sock')).toEqual({ path: '/run/redis/redis.sock' });
  expect(parseRedisUrl('unix:///tmp/a%20b.sock?password=p%26q&db=3')).toEqual({
    path: '/tmp/a b.sock',
    password: 'p&q',
    db: 3,
  });
});

test('a host, with user, password, database and TLS', () => {
  expect(parseRedisUrl('redis://localhost')).toEqual({ host: 'localhost', port: 6379 });
  expect(parseRedisUrl('redis://:p%40ss@127.0.0.1:7000/2')).toEqual({
    host: '127.0.0.1',
    port: 7000,
    password: 'p@ss',
    db: 2,
  });
  expect(parseRedisUrl('rediss://bot:secret@redis.example:6380')).toEqual({
    host: 'redis.example',
    port: 6380,
    username: 'bot',
    password: 'secret',
    tls: { servername: 'redis.example' },
  });
  // An address is no name that a server could be asked for.
  expect(parseRedisUrl('rediss://10.0.0.7')).toEqual({ host: '10.0.0.7', port: 6379, tls: {} });
  expect(parseRedisUrl('rediss://[::1]')).toMatchObject({ host: '::1', tls: {} });
  expect(parseRedisUrl('redis://[::1]:6379')).toMatchObject({ host: '::1' });
});

test('what is wrong is said without the URL, which may hold a password', () => {
  for (const url of [
    'secret',
    'http://:secret@host',
    'redis://:secret@host/first',
    'redis://:sec%ret@host',
  ]) {
    expect(() => parseRedisUrl(url)).toThrow(/^REDIS_URL (?!.*secret)/);
  }
});
