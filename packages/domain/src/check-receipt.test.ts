import { ReceiptBody } from '@agon/contracts';
import { expect, test } from 'vitest';
import { checkReceipt } from './check-receipt.ts';

const hash = 'ab'.repeat(32);
const publicKey = 'A'.repeat(43);

function entry(tail: string, value: number, pBest: number, committedAt: string, toWinner: number | null) {
  return {
    run: `run_${tail.repeat(8)}`,
    seat: 0,
    fence: 1,
    miner: { id: `miner_${tail.repeat(8)}`, name: tail, public_key: publicKey },
    template: 'tabular-gbdt',
    status: 'scored' as const,
    committed_at: committedAt,
    files: [{ path: 'model.onnx', bytes: 10, sha256: hash }],
    score: { value, ci95: [value - 0.1, value + 0.1] as [number, number], rows: 20 },
    to_winner: toWinner === null ? null : { value: toWinner, ci95: [toWinner, 0] as [number, number] },
    p_best: pBest,
    beats_baseline: true,
    copy_of: null as string | null,
    error: null,
  };
}

const body = ReceiptBody.parse({
  version: 1,
  job: {
    id: 'job_aaaaaaaa',
    task: 'tabular-regression',
    objective: { metric: 'rmse', direction: 'minimize', goal: null },
    seed: 1,
    created_at: 1,
    opened_at: 2,
    judged_at: 3,
  },
  dataset: {
    sha256: hash,
    bytes: 100,
    format: 'csv',
    ignore_columns: [],
    parts: { train: 60, selection: 20, report: 20 },
  },
  table: { target: 'y', classes: null, columns: [] },
  split: { algorithm: 'agon-split-1', secret: hash, commitment: hash },
  baseline: { selection: 2, report: 2.5 },
  entries: [
    entry('a', 1, 0.75, '2026-01-01T00:00:01.000Z', null),
    entry('b', 1, 0.25, '2026-01-01T00:00:02.000Z', 0),
    { ...entry('c', 0, 0, '2026-01-01T00:00:03.000Z', null), status: 'failed', score: null, p_best: null },
  ],
  winner: {
    run: 'run_aaaaaaaa',
    selection: { value: 1, ci95: [0.9, 1.1], rows: 20 },
    report: { value: 1.5, ci95: [1.4, 1.6], rows: 20 },
    gain: { value: 1, ci95: [0.8, 1.2] },
  },
  method: { rule: 'best-mean-earliest-commit', resamples: 2_000, seed: 1 },
  versions: {},
  issued_at: 4,
});

test('a receipt that agrees with itself has no fault', () => {
  expect(checkReceipt(body)).toEqual([]);
});

const changes: [string, RegExp, (copy: ReceiptBody) => void][] = [
  ['a better entry', /scored better than the winner/, (copy) => (copy.entries[1]!.score!.value = 0.5)],
  [
    'an equal entry that was earlier',
    /committed earlier/,
    (copy) => (copy.entries[1]!.committed_at = '2026-01-01T00:00:00.000Z'),
  ],
  ['a winner that is not there', /not among the scored entries/, (copy) => (copy.winner.run = 'run_zzzzzzzz')],
  ['a winner that failed', /not among the scored entries/, (copy) => (copy.winner.run = 'run_cccccccc')],
  ['another selection score', /not that of its entry/, (copy) => (copy.winner.selection.value = 0.9)],
  ['a winner below the baseline', /not better than the baseline/, (copy) => (copy.baseline.selection = 1)],
  ['another gain', /gain is not the difference/, (copy) => (copy.winner.gain.value = 1.1)],
  ['probabilities that do not sum to 1', /sum to/, (copy) => (copy.entries[0]!.p_best = 0.9)],
  ['a wrong difference', /does not fit their scores/, (copy) => (copy.entries[1]!.to_winner!.value = -0.2)],
  ['rows of another part', /not on the selection part/, (copy) => (copy.entries[0]!.score!.rows = 21)],
  ['report rows of another part', /not of the report part/, (copy) => (copy.winner.report.rows = 21)],
  ['a commitment that is no hash', /commitment is not 64 hex/, (copy) => (copy.split.commitment = 'xyz')],
  ['a turned direction', /direction/, (copy) => (copy.job.objective.direction = 'maximize')],
  ['times out of order', /not in order/, (copy) => (copy.job.judged_at = 9)],
  ['a run twice', /listed twice/, (copy) => copy.entries.push(copy.entries[2]!)],
  ['a copy of nobody', /copy of a run/, (copy) => (copy.entries[1]!.copy_of = 'run_zzzzzzzz')],
  ['a score without a commit', /no time of commit/, (copy) => (copy.entries[1]!.committed_at = null)],
  ['a score without files', /no files/, (copy) => (copy.entries[0]!.files = [])],
  ['an interval upside down', /upside down/, (copy) => copy.winner.report.ci95.reverse()],
];

test.each(changes)('%s is a fault', (_, message, change) => {
  const copy = structuredClone(body);
  change(copy);
  expect(checkReceipt(copy).join('\n')).toMatch(message);
});
