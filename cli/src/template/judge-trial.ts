import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type SubmissionFormat, type TaskName, type TrainerJob, taskTable } from '@agon/contracts';
import type { ModelFile } from '@agon/language';
import { readSubmission, SubmissionError, type TrialEnd } from '@agon/miner';
import { OnnxRejection } from '@agon/onnx';
import { scoreGraph } from '../score/score-graph.ts';
import { scoreLanguage } from '../score/score-language.ts';
import type { TaskData } from './task-data.ts';

/** What a trial is judged by, besides what it left. */
export type Judging = {
  readonly task: TaskName;
  readonly data: TaskData;
  readonly job: Pick<TrainerJob, 'limits'>;
  readonly base: readonly ModelFile[];
};

/** Where the way from `out/` to a score ends. */
export type Verdict =
  | { readonly kind: 'scored'; readonly value: number; readonly files: Readonly<Record<string, string>> }
  | { readonly kind: 'no-submission' | 'wrong-inputs' | 'rejected'; readonly message: string };

/** Takes what a trainer left in `out/` through the miner's checks and the evaluator's, and scores it on hidden rows. */
export async function judgeTrial(end: TrialEnd, judging: Judging): Promise<Verdict> {
  try {
    const found = await readSubmission(end.out, { bytesMax: judging.job.limits.submission_bytes });
    const accepted: readonly SubmissionFormat[] = taskTable[judging.task].formats;
    if (!accepted.includes(found.format)) {
      const message = `The task ${judging.task} takes ${accepted.join(' or ')}, not ${found.format}.`;
      return { kind: 'no-submission', message };
    }
    const value = await scoreOf(end, judging, found);
    return { kind: 'scored', value, files: Object.fromEntries(found.files.map(({ path, sha256 }) => [path, sha256])) };
  } catch (error) {
    if (error instanceof SubmissionError) return { kind: 'no-submission', message: error.message };
    if (!(error instanceof OnnxRejection)) throw error;
    const kind = error.code === 'inputs_wrong' ? 'wrong-inputs' : 'rejected';
    return { kind, message: `${error.code}: ${error.message}` };
  }
}

async function scoreOf(
  { out }: TrialEnd,
  { task, data, base }: Judging,
  { format, files }: Awaited<ReturnType<typeof readSubmission>>,
): Promise<number> {
  const { metric } = data.objective;
  const { table, text } = data;
  const [first] = files;
  if (format === 'onnx' && table && first) {
    return scoreGraph({ task, metric, table, part: once(data.hidden), modelPath: join(out, first.path) });
  }
  const submitted = files.map(({ path }) => ({ path: basename(path), localPath: join(out, path) }));
  return scoreLanguage({ task, metric, table, text, format, part: once(data.hidden), base, files: submitted });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Paths in a folder that are links, wherever they lead. */
export async function linksIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isSymbolicLink()).map(({ name }) => name);
}
