import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CommitSubmission, Lease } from '@agon/contracts';
import { inside } from '@agon/kit';
import { z } from 'zod';
import { TrainerHandle } from './runner/runner.ts';

const run = promisify(execFile);

/** What a miner must remember of a run to go on with it after its own restart. */
export const RunState = z.object({
  /** `training` until the trainer ended well, `trained` until everything is sent. */
  phase: z.enum(['training', 'trained']),
  lease: Lease,
  template: z.string(),
  trainer: TrainerHandle.nullable(),
  /** What it has of the machine. */
  share: z.object({ cpus: z.number(), memoryMib: z.number(), gpus: z.array(z.string()).readonly() }),
  commit: CommitSubmission.nullable(),
});
export type RunState = z.infer<typeof RunState>;

/** The base model's folder in a job folder. */
export const baseModelName = 'base_model';

/** The places of one run on the miner's disk. */
export type RunFolder = {
  readonly root: string;
  readonly job: string;
  readonly out: string;
  readonly baseModel: string;
  readonly log: string;
  readonly exitCode: string;
  readonly temporary: string;
};

export function runFolder(minerFolder: string, runId: string): RunFolder {
  const root = inside(join(minerFolder, 'runs'), runId);
  const job = join(root, 'job');
  return {
    root,
    job,
    out: join(job, 'out'),
    baseModel: join(job, baseModelName),
    log: join(root, 'trainer.log'),
    exitCode: join(root, 'exit-code'),
    temporary: join(root, 'tmp'),
  };
}

/** Makes the folders of a run, empty ones where it is new. */
export async function makeRunFolder(folder: RunFolder): Promise<void> {
  await mkdir(join(folder.job, 'data'), { recursive: true });
  await mkdir(folder.out, { recursive: true });
  await mkdir(folder.temporary, { recursive: true });
}

/** Written through a temporary file, so that a crash leaves the old state or the new one. */
export async function writeRunState(folder: RunFolder, state: RunState): Promise<void> {
  const path = join(folder.root, 'state.json');
  await writeFile(`${path}.new`, JSON.stringify(state));
  await rename(`${path}.new`, path);
}

/** Runs that an earlier life of this miner left unfinished. Folders without a readable state are removed. */
export async function unfinishedRuns(minerFolder: string): Promise<RunState[]> {
  const names = await readdir(join(minerFolder, 'runs')).catch(() => []);
  const states: RunState[] = [];
  for (const name of names) {
    const folder = runFolder(minerFolder, name);
    const text = await readFile(join(folder.root, 'state.json'), 'utf8').catch(() => '{}');
    const parsed = RunState.safeParse(parseJson(text));
    if (parsed.success) states.push(parsed.data);
    else await removeRunFolder(folder);
  }
  return states;
}

export const removeRunFolder = (folder: RunFolder): Promise<void> => removeFolder(folder.root);

/** Removes a folder that a stranger filled: with folders nested deeper than any path, or closed to their owner. */
export async function removeFolder(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    await run('chmod', ['-R', 'u+rwX', '--', path]).catch(() => undefined);
    await run('rm', ['-rf', '--', path]);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
