import { isFinalRun, type Receipt, type ReceiptBody, type ReceiptEntry, taskTable } from '@agon/contracts';
import { type SigningKey, signReceipt, unixSeconds } from '@agon/kit';
import type { BaseModelRecord, EvaluationRecord, MinerRecord, RunRecord } from '@agon/store';
import type { SchedulerDeps } from '../scheduler-deps.ts';
import type { JudgedJob } from './judged-job.ts';

export type ReceiptInput = {
  readonly job: JudgedJob;
  readonly runs: readonly RunRecord[];
  readonly evaluations: readonly EvaluationRecord[];
  /** What a text job started from. */
  readonly base: BaseModelRecord | null;
  readonly miners: ReadonlyMap<string, MinerRecord>;
  readonly versions: Readonly<Record<string, string>>;
  readonly key: SigningKey;
};

/** The miners of these runs by id. */
export async function minersOf(
  deps: Pick<SchedulerDeps, 'stores'>,
  runs: readonly RunRecord[],
): Promise<Map<string, MinerRecord>> {
  const miners = new Map<string, MinerRecord>();
  for (const minerId of new Set(runs.map((run) => run.minerId))) {
    const miner = await deps.stores.miners.find(minerId);
    if (miner) miners.set(minerId, miner);
  }
  return miners;
}

/** The receipt of a judged job. The same job gives the same bytes: it is issued at the time of the judgement. */
export const signedReceipt = (input: ReceiptInput): Receipt => signReceipt(receiptBody(input), input.key);

function receiptBody(input: ReceiptInput): ReceiptBody {
  const { job, runs, base } = input;
  const judgedAt = unixSeconds(job.judgement.judgedAt);
  const { winner, selection, report, gain, baseline } = job.result;
  return {
    version: 1,
    job: {
      id: job.id,
      task: job.task,
      objective: job.objective,
      seed: job.seed,
      created_at: unixSeconds(job.createdAt),
      opened_at: unixSeconds(job.openedAt),
      judged_at: judgedAt,
    },
    dataset: {
      sha256: job.source.sha256,
      bytes: job.source.bytes,
      format: job.dataset.format,
      ignore_columns: job.spec.ignore_columns,
      ...(taskTable[job.task].data === 'text' ? { columns: job.spec.columns } : {}),
      parts: job.dataset.parts,
    },
    table: job.table,
    ...(base ? { base_model: baseModelOf(base) } : {}),
    ...(job.text ? { text: job.text } : {}),
    split: { algorithm: 'agon-split-1', secret: job.splitSecret, commitment: job.splitCommitment },
    baseline: { selection: baseline.selection, report: baseline.report },
    entries: inOrder(input).map((run) => receiptEntry(input, run)),
    winner: { run: winner.run, selection, report, gain },
    method: {
      rule: 'best-mean-earliest-commit',
      resamples: job.judgement.resamples,
      seed: job.judgement.bootstrapSeed,
    },
    versions: versionsOf(input, runs),
    issued_at: judgedAt,
  };
}

const baseModelOf = ({ name, revision, files }: BaseModelRecord): ReceiptBody['base_model'] => ({
  name,
  revision,
  files: files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
});

/** By rank, then those without one by seat and lease. A run that was leased while the race closed took no part in it. */
function inOrder({ job, runs }: ReceiptInput): RunRecord[] {
  const ranks = new Map(job.judgement.entries.map((entry) => [entry.runId, entry.rank]));
  const rankOf = (run: RunRecord): number => ranks.get(run.id) ?? Number.MAX_SAFE_INTEGER;
  return runs
    .filter((run) => isFinalRun(run.status))
    .toSorted((a, b) => rankOf(a) - rankOf(b) || a.seatIndex - b.seatIndex || a.fence - b.fence);
}

function receiptEntry({ job, evaluations, miners }: ReceiptInput, run: RunRecord): ReceiptEntry {
  const judged = job.judgement.entries.find((entry) => entry.runId === run.id);
  const rejection = evaluations.find((evaluation) => evaluation.runId === run.id)?.rejection;
  const miner = miners.get(run.minerId);
  if (!miner) throw new Error(`The miner ${run.minerId} of run ${run.id} is not known.`);
  return {
    run: run.id,
    seat: run.seatIndex,
    fence: run.fence,
    miner: { id: run.minerId, name: run.minerName, public_key: miner.publicKey },
    template: run.template,
    ...(run.image === null ? {} : { image: run.image }),
    status: run.status,
    committed_at: run.submission?.committedAt.toISOString() ?? null,
    files: (run.submission?.files ?? []).map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
    score: judged?.score ?? null,
    to_winner: judged?.toWinner ?? null,
    p_best: judged?.pBest ?? null,
    beats_baseline: judged?.beatsBaseline ?? null,
    copy_of: judged?.copyOf ?? null,
    error: run.failure ?? (rejection ? { ...rejection, class: null } : null),
  };
}

function versionsOf({ evaluations, versions }: ReceiptInput, runs: readonly RunRecord[]): Record<string, string> {
  const known = new Set(runs.map((run) => run.id));
  const measured = evaluations.filter((evaluation) => known.has(evaluation.runId)).map((one) => one.versions);
  return Object.assign({}, versions, ...measured);
}
