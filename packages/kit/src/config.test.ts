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

const files: Readonly<Record<string, string>> = {
  '/secrets/url': 'mongodb://agon:secret@db:27017/agon\n',
  '/empty': '\n',
};
const readFile = (path: string): string => {
  const text = files[path];
  if (text === undefined) throw new Error(`ENOENT: no such file, open '${path}'`);
  return text;
};

test('a value may be in a file, without the end of its line', () => {
  const env = { REDIS_URL: good.REDIS_URL, MONGODB_URL_FILE: '/secrets/url' };
  expect(readConfig(schema, env, readFile).MONGODB_URL).toBe('mongodb://agon:secret@db:27017/agon');
});

test('a file beside a value and a file that is not there are faults that keep the content to themselves', () => {
  const read =
    (env: Record<string, string>): unknown =>
    () =>
      readConfig(schema, { ...good, ...env }, readFile);
  expect(read({ MONGODB_URL_FILE: '/secrets/url' })).toThrow(/MONGODB_URL and MONGODB_URL_FILE are both set/);
  expect(read({ MONGODB_URL_FILE: '/secrets/url' })).not.toThrow(/secret@/);
  expect(read({ PORT_FILE: '/gone' })).toThrow(/PORT_FILE cannot be read.*\/gone/);
});

test('an empty file counts as not set', () => {
  expect(readConfig(schema, { ...good, PORT_FILE: '/empty' }, readFile).PORT).toBe(8080);
});

test('a setting that is itself a path is no file of another one', () => {
  const paths = z.object({ KEY: z.string().optional(), KEY_FILE: z.string() });
  expect(readConfig(paths, { KEY_FILE: '/gone' }, readFile)).toEqual({ KEY_FILE: '/gone' });
});

test('files that no setting asks for are left alone', () => {
  expect(readConfig(schema, { ...good, OTHER_FILE: '/gone' }, readFile).PORT).toBe(8080);
});
