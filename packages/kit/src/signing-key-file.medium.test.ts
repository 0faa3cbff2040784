import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readOrMakeSigningKey } from './signing-key-file.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-key-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a missing key is made, readable by its owner only, and read again the next time', async () => {
  const path = join(folder, 'keys', 'signing.pem');
  const made = await readOrMakeSigningKey(path);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await readOrMakeSigningKey(path)).publicKey).toBe(made.publicKey);
  expect(await readdir(join(folder, 'keys'))).toEqual(['signing.pem']);
});

test('processes that start at once get the same key', async () => {
  const path = join(folder, 'signing.pem');
  const keys = await Promise.all(Array.from({ length: 20 }, () => readOrMakeSigningKey(path)));
  expect(new Set(keys.map((key) => key.publicKey)).size).toBe(1);
  expect(await readdir(folder)).toEqual(['signing.pem']);
});

test('a file that is no key is refused and left as it is', async () => {
  const path = join(folder, 'signing.pem');
  await writeFile(path, 'not a key');
  await expect(readOrMakeSigningKey(path)).rejects.toThrow();
  expect(await readFile(path, 'utf8')).toBe('not a key');
});
