import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { containerRunner, dockerOfTests } from '../../services/miner/src/testing/docker-tests.ts';
import { shellTrainer } from '../../services/miner/src/testing/job-folder.ts';
import { type Daemon, dockerFolder, ensureDebian, startDaemon } from '../../tools/private-docker.mjs';

let daemon: Daemon | undefined;
let folder: string;

afterEach(async () => {
  await daemon?.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 500 });
});

/** A daemon of this test's own, because it is killed, and a runner on it. */
async function daemonAndRunner(liveRestore: boolean) {
  folder = await mkdtemp(join(tmpdir(), 'agon-outage-'));
  daemon = await startDaemon({ folder, liveRestore });
  const image = await ensureDebian({ host: daemon.host, cache: join(dockerFolder, 'cache'), say: () => undefined });
  const { runner } = await containerRunner({ host: daemon.host, image });
  return { killed: daemon, runner };
}

const script =
  'i=0; while [ $i -lt 60 ]; do i=$((i + 1)); echo "{\\"step\\": $i}"; sleep 0.2; done; echo "the end"; exit 7';

async function untilStep(path: string, step: number): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    if ((await readFile(path, 'utf8').catch(() => '')).includes(`"step": ${step}}`)) return;
    await sleep(25);
  }
  throw new Error(`There was no step ${step}.`);
}

describe.runIf(dockerOfTests())('a Docker daemon that is killed and comes back', () => {
  test('finds its containers at work, and the miner goes on with them', async () => {
    const { killed, runner } = await daemonAndRunner(true);
    const { folder: run, start } = await shellTrainer(script);
    const trainer = await runner.start(start);
    await untilStep(run.log, 5);
    await killed.kill();
    await expect(runner.ready()).rejects.toThrow('No Docker daemon answers');
    await killed.start();
    expect(await trainer.exit).toEqual({ code: 7, outOfMemory: false });
    expect(await readFile(run.log, 'utf8')).toContain('the end');
  });

  test('or ends them, and the run says why', async () => {
    const { killed, runner } = await daemonAndRunner(false);
    const { folder: run, start } = await shellTrainer(script);
    const trainer = await runner.start(start);
    await untilStep(run.log, 5);
    await killed.kill();
    await sleep(1_500);
    await killed.start();
    const exit = await trainer.exit;
    expect(exit).toMatchObject({ code: null, outOfMemory: false, reason: expect.stringContaining('daemon') });
    await runner.ready();
  });
});
