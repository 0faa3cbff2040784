import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeRunFolder, type RunFolder, runFolder } from '../run-folder.ts';
import type { TrainerStart } from '../runner/runner.ts';

/** A run's folder in a temporary place, and how a shell script would be started in it. */
export async function shellTrainer(script: string): Promise<{ folder: RunFolder; start: TrainerStart }> {
  const folder = runFolder(await mkdtemp(join(tmpdir(), 'agon-miner-')), 'run_test0000');
  await makeRunFolder(folder);
  const start: TrainerStart = {
    command: ['/bin/sh', '-c', script],
    workingFolder: folder.root,
    environment: { PATH: '/usr/local/bin:/usr/bin:/bin', AGON_JOB: folder.job },
    logPath: folder.log,
    exitCodePath: folder.exitCode,
  };
  return { folder, start };
}
