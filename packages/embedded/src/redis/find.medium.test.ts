import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findRedisServer } from './find.ts';
import { installedPath, verify } from './wheel.ts';

let folder: string;
const warnings: object[] = [];
const log = { info: () => undefined, warn: (fields: object) => void warnings.push(fields), error: () => undefined };
const refuse = () => Promise.reject(new Error('no network'));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-find-'));
  warnings.length = 0;
});
afterEach(() => rm(folder, { recursive: true }));

async function fake(path: string, version: string): Promise<string> {
  await writeFile(path, `#!/bin/sh\necho "Redis server v=${version} sha=0"\n`);
  await chmod(path, 0o755);
  return path;
}

const find = (environment: NodeJS.ProcessEnv, extra: object = {}) =>
  findRedisServer({ environment, toolsFolder: folder, log, install: refuse, ...extra });

describe('findRedisServer', () => {
  it('takes what AGON_REDIS_SERVER names, or says what is wrong with it', async () => {
    const path = await fake(join(folder, 'mine'), '7.2.1');
    expect(await find({ AGON_REDIS_SERVER: path, PATH: '' })).toBe(path);
    const old = await fake(join(folder, 'old'), '6.0.16');
    await expect(find({ AGON_REDIS_SERVER: old })).rejects.toMatchObject({
      code: 'not_ready',
      message: expect.stringContaining('6.0 is older than 6.2'),
    });
    await expect(find({ AGON_REDIS_SERVER: join(folder, 'none') })).rejects.toThrow('it does not run');
  });

  it('looks along PATH and passes over one that is too old', async () => {
    await fake(join(folder, 'redis-server'), '5.0.1');
    const valkey = await fake(join(folder, 'valkey-server'), '9.1.2');
    expect(await find({ PATH: folder })).toBe(valkey);
    expect(warnings).toMatchObject([{ problem: 'version 5.0 is older than 6.2' }]);
  });

  it('prefers the program that wrote the data', async () => {
    await fake(join(folder, 'redis-server'), '7.0.1');
    const wrote = await fake(join(folder, 'other'), '9.0.1');
    expect(await find({ PATH: folder }, { preferred: wrote })).toBe(wrote);
    expect(await find({ PATH: folder }, { preferred: join(folder, 'gone') })).toBe(join(folder, 'redis-server'));
  });

  it('takes one that was installed before, and installs one when there is none', async () => {
    const install = (toolsFolder: string) => fake(installedPath(toolsFolder), '9.1.2');
    expect(await find({ PATH: '' }, { install })).toBe(installedPath(folder));
    expect(await find({ PATH: '' })).toBe(installedPath(folder));
  });

  it('says for each system how to install one when it cannot', async () => {
    await expect(find({ PATH: folder })).rejects.toMatchObject({
      code: 'not_ready',
      message: expect.stringMatching(/no network[\s\S]*apt-get install[\s\S]*brew install/),
    });
  });
});

it('refuses bytes that are not the pinned ones', async () => {
  const path = join(folder, 'wheel');
  await writeFile(path, 'x');
  await verify(path, '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881');
  await expect(verify(path, '0'.repeat(64))).rejects.toThrow('not the pinned');
});
