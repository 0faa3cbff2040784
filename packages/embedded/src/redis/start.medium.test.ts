import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startRedis } from './start.ts';
import { isUp, talk } from './talk.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const built = fileURLToPath(new URL('../../dist/index.js', import.meta.url));
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon redis '));
});
afterEach(() => rm(folder, { recursive: true }));

const start = () => startRedis({ folder, environment: process.env, log });
const partsOf = (url: string) => ({ port: Number(new URL(url).port), password: new URL(url).password });

/** A process of its own that starts a Redis in the folder and says its address. */
async function startElsewhere() {
  const script = join(folder, 'parent.mjs');
  const call = `startRedis({ folder: ${JSON.stringify(folder)}, environment: process.env, log })`;
  await writeFile(
    script,
    `import { startRedis } from ${JSON.stringify(built)};
     const log = { info() {}, warn() {}, error() {} };
     process.send((await ${call}).url);
     setInterval(() => {}, 1000);`,
  );
  const parent = fork(script, { execArgv: [] });
  const [url] = await once(parent, 'message');
  return { parent, ...partsOf(String(url)) };
}

it('answers on a port of its own with the password that only its owner can read, in a folder with a space', async () => {
  const server = await start();
  const { port, password } = partsOf(server.url);
  expect(await isUp(port, password)).toBe(true);
  expect((await stat(join(folder, 'password'))).mode & 0o777).toBe(0o600);
  expect(await talk(port, 'wrong', 'PING')).not.toContain('PONG');
  await expect(start()).rejects.toThrow('in use');
  await server.stop();
  await server.stop();
  expect(await server.exited).toBe('code 0');
  expect(await isUp(port, password)).toBe(false);
});

it('ends when its parent is killed', async () => {
  const { parent, port, password } = await startElsewhere();
  parent.kill('SIGKILL');
  await expect.poll(() => isUp(port, password), { timeout: 20_000 }).toBe(false);
});

it('shuts down a server that was left behind, and starts on its data', async () => {
  const first = await start();
  const left = partsOf(first.url);
  const running = await readFile(join(folder, 'running.json'), 'utf8');
  await rm(join(folder, 'lock'));
  const second = await start();
  expect(await first.exited).toBe('code 0');
  expect(await isUp(left.port, left.password)).toBe(false);
  expect(JSON.parse(running)).toMatchObject({ port: left.port });
  expect(await isUp(partsOf(second.url).port, left.password)).toBe(true);
  await second.stop();
});

it('says what the server said when it does not come up', async () => {
  await writeFile(join(folder, 'appendonlydir'), 'not a folder');
  await expect(start()).rejects.toMatchObject({
    code: 'not_ready',
    message: expect.stringContaining('redis.log ends with'),
  });
});
