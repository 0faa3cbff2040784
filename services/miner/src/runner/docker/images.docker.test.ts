import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { silentLog } from '@agon/kit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dockerOfTests } from '../../testing/docker-tests.ts';
import { type ImageRegistry, serveImage } from '../../testing/image-registry.ts';
import { shellManifest, shellTrainer } from '../../testing/job-folder.ts';
import type { Runner } from '../runner.ts';
import { dockerRunner } from './docker-runner.ts';

const docker = dockerOfTests();
const run = promisify(execFile);
const day = 24 * 60 * 60_000;

describe.runIf(docker)('an image', () => {
  let registry: ImageRegistry;
  let home: string;
  let nowMs = 0;
  const said: string[] = [];

  /** A tiny image with a volume, as a stranger's may have one. */
  async function tinyImage(name: string): Promise<void> {
    const folder = join(home, 'tiny');
    await mkdir(folder, { recursive: true });
    const busybox = `FROM ${docker!.debian}\nVOLUME /data\nENTRYPOINT ["/bin/false"]\nENV FROM_IMAGE=yes\nWORKDIR /srv\n`;
    await writeFile(join(folder, 'Dockerfile'), busybox);
    await dockerCommand('build', '--quiet', '--tag', name, folder);
  }

  const dockerCommand = async (...args: string[]): Promise<string> =>
    (await run('docker', args, { env: { ...process.env, DOCKER_HOST: docker!.host } })).stdout.trim();

  const runnerOn = (image: string): Promise<Runner> =>
    dockerRunner({
      environment: { ...process.env, DOCKER_HOST: docker!.host },
      image,
      templatesFolder: home,
      owner: 'images-test',
      imagesPath: join(home, 'images.json'),
      clock: { nowMs: () => nowMs },
      log: silentLog,
      onProgress: (text) => said.push(text),
    });

  /** Runs a script on an image; answers its words and what the run was pinned to. */
  async function words(runner: Runner, script: string, image?: string): Promise<{ log: string; image: string }> {
    const manifest = { ...shellManifest(script), ...(image ? { image } : {}) };
    const { folder, start } = await shellTrainer(script);
    const trainer = await runner.start({ ...start, template: { ...start.template, manifest } });
    await trainer.exit;
    const pinned = trainer.handle.kind === 'container' ? trainer.handle.image : '';
    return { log: await readFile(folder.log, 'utf8'), image: pinned };
  }

  const isHere = (name: string): Promise<boolean> =>
    dockerCommand('image', 'inspect', name).then(
      () => true,
      () => false,
    );

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'agon-images-'));
    await tinyImage('agon-test-tiny:1');
    registry = await serveImage('agon-test-tiny:1', docker!.host);
    await dockerCommand('save', '--output', join(home, 'tiny.tar'), 'agon-test-tiny:1');
    await dockerCommand('rmi', '--force', 'agon-test-tiny:1');
  });
  afterAll(async () => {
    await registry?.stop();
    await dockerCommand('rmi', '--force', 'agon-test-tiny:1').catch(() => undefined);
  });

  test('that is named by a tag is pulled once and pinned to its digest', async () => {
    const runner = await runnerOn(`${registry.name}:2`);
    const { manifest, ...rest } = (await shellTrainer('true')).start.template;
    await runner.prepare({ manifest, ...rest });
    expect(said).toContain(`pulling ${registry.name}:2`);
    said.length = 0;
    expect((await words(runner, 'echo hello')).image).toBe(`${registry.name}@${registry.digest}`);
    expect(said).toEqual([]);
  });

  test('that a template names by digest runs its own program: nothing of ours is mounted, its entry point is replaced', async () => {
    const runner = await runnerOn('agon-nowhere.invalid/none:1');
    const { log } = await words(
      runner,
      'pwd; echo "$FROM_IMAGE $PYTHONPATH"; ls -d /template /agon',
      `${registry.name}@${registry.digest}`,
    );
    expect(log).toContain('/srv\nyes \n');
    expect(log).not.toMatch(/^\/(template|agon)/m);
  });

  test('gets a little memory where it declares a volume, and no disk', async () => {
    const runner = await runnerOn(`${registry.name}:2`);
    const before = await dockerCommand('volume', 'ls', '--quiet');
    const { log } = await words(runner, 'head -c 90000000 /dev/zero > /data/x || echo full; du -m /data/x');
    expect(log).toContain('full\n16\t');
    expect(await dockerCommand('volume', 'ls', '--quiet')).toBe(before);
  });

  test('that nobody used for two weeks is removed, and one that we did not bring is not', async () => {
    const runner = await runnerOn(`${registry.name}:2`);
    await runner.prepare((await shellTrainer('true')).start.template);
    nowMs += 13 * day;
    await runner.tidy(14 * day);
    expect(await isHere(`${registry.name}:2`)).toBe(true);
    nowMs += 2 * day;
    const { start } = await shellTrainer('sleep 600');
    const trainer = await runner.start(start);
    nowMs += 15 * day;
    await runner.tidy(14 * day);
    expect(await isHere(`${registry.name}:2`)).toBe(true);
    trainer.kill();
    await trainer.exit;
    await runner.tidy(14 * day);
    expect(await isHere(`${registry.name}:2`)).toBe(false);
    expect(await isHere(docker!.image)).toBe(true);
  });

  test('is loaded from an archive', async () => {
    const runner = await runnerOn(join(home, 'tiny.tar'));
    const { log, image } = await words(runner, 'echo loaded');
    expect(log).toBe('loaded\n');
    expect(image).toMatch(/sha256:[0-9a-f]{64}$/);
  });

  test.each([
    ['an archive that is not there', '/nowhere/x.tar', 'no archive'],
    ['a registry that is not there', '127.0.0.1:1/agon/none:1', 'Docker'],
    ['a name that is none', 'A b', 'is no image'],
  ])('that is %s is refused with what to do', async (_what, image, message) => {
    const runner = await runnerOn(image);
    await expect(runner.prepare((await shellTrainer('true')).start.template)).rejects.toThrow(message);
  });

  test('whose archive is no image is refused', async () => {
    await writeFile(join(home, 'broken.tar'), 'nothing');
    const runner = await runnerOn(join(home, 'broken.tar'));
    await expect(runner.prepare((await shellTrainer('true')).start.template)).rejects.toMatchObject({
      name: 'RunnerError',
    });
  });
});
