import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TemplateManifest } from '@agon/contracts';
import { makeRunFolder, type RunFolder, runFolder } from '../run-folder.ts';
import type { TrainerStart } from '../runner/runner.ts';

/** A run's folder in a temporary place, and how a shell script would be started in it. */
export async function shellTrainer(
  script: string,
  changes: Partial<TrainerStart> = {},
): Promise<{ folder: RunFolder; start: TrainerStart }> {
  const place = await mkdtemp(join(tmpdir(), 'agon-miner-'));
  const runId = `run_${place.slice(-6).toLowerCase()}00`;
  const folder = runFolder(place, runId);
  await makeRunFolder(folder);
  const start: TrainerStart = {
    runId,
    template: { manifest: shellManifest(script), folder: place, foreign: false },
    folder,
    share: { cpus: 1, memoryMib: 500, gpus: [] },
    outBytesMax: 64 * 2 ** 20,
    ...changes,
  };
  return { folder, start };
}

export const shellManifest = (script: string): TemplateManifest => ({
  name: 'shell',
  version: '1.0.0',
  summary: 'A script of a test.',
  tasks: ['tabular-classification'],
  command: ['/bin/sh', '-c', script],
  base_model: false,
  needs: { cpus: 0.1, memory_mib: 64, vram_mib: 0 },
});
