import { expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigError, readConfig, sharedSettings } from './config.ts';

const schema = z.object({ ...sharedSettings, PORT: z.coerce.number().int().max(65_535).default(8080) });
const good = { MONGODB_URL: 'mongodb://127.0.0.1:1/agon', REDIS_URL: 'redis://127.0.0.1:2' };

test('an empty value counts as not set', () => {
  expect(readConfig(schema, { ...good, PORT: '' }).PORT).toBe(8080);
});

test('one message names every fault', () => {
  const read = (): unknown => readConfig(schema, { MONGODB_URL: 'http://x', PORT: '70000' });
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(/MONGODB_URL[\s\S]*REDIS_URL[\s\S]*PORT/);
});
