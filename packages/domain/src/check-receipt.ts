import { metricTable, type ReceiptBody, type ReceiptEntry } from '@agon/contracts';
import { signOf } from './score/bootstrap.ts';

type ScoredEntry = ReceiptEntry & { score: NonNullable<ReceiptEntry['score']> };

const pBestTolerance = 1e-6;
const scoreTolerance = 1e-9;

const isScored = (entry: ReceiptEntry): entry is ScoredEntry => entry.status === 'scored' && entry.score !== null;
const near = (left: number, right: number): boolean =>
  Math.abs(left - right) <= scoreTolerance * Math.max(1, Math.abs(left), Math.abs(right));
const committedMs = (entry: ReceiptEntry): number => Date.parse(entry.committed_at ?? '');

function winnerFaults(body: ReceiptBody, scored: readonly ScoredEntry[]): string[] {
  const winner = scored.find((entry) => entry.run === body.winner.run);
  if (!winner) return [`The winner ${body.winner.run} is not among the scored entries.`];
  const sign = signOf(body.job.objective.metric);
  const better = scored.find((entry) => sign * (entry.score.value - winner.score.value) > 0);
  const faults = better ? [`${better.run} scored better than the winner ${winner.run}.`] : [];
  const earlier = scored.find(
    (entry) => entry.score.value === winner.score.value && committedMs(entry) < committedMs(winner),
  );
  if (earlier) faults.push(`${earlier.run} scored the same as the winner ${winner.run} and was committed earlier.`);
  if (!near(winner.score.value, body.winner.selection.value))
    faults.push('The selection score of the winner is not that of its entry.');
  if (winner.to_winner !== null) faults.push('The winner has a difference to itself.');
  if (sign * (winner.score.value - body.baseline.selection) <= 0)
    faults.push('The winner is not better than the baseline on the selection rows.');
  return faults;
}

function gainFaults(body: ReceiptBody): string[] {
  const { winner, baseline, job } = body;
  const sign = signOf(job.objective.metric);
  const gain = sign * (winner.report.value - baseline.report);
  return near(gain, winner.gain.value) ? [] : ['The gain is not the difference of report score and baseline.'];
}

function listFaults(body: ReceiptBody): string[] {
  const runs = new Set(body.entries.map((entry) => entry.run));
  const faults = runs.size === body.entries.length ? [] : ['A run is listed twice.'];
  for (const entry of body.entries) {
    if (entry.copy_of !== null && (!runs.has(entry.copy_of) || entry.copy_of === entry.run))
      faults.push(`${entry.run} is called a copy of a run that is not there.`);
    if (entry.status === 'scored' && entry.score === null) faults.push(`${entry.run} is scored without a score.`);
  }
  return faults;
}

function entryFaults(body: ReceiptBody, entry: ScoredEntry): string[] {
  const faults: string[] = [];
  if (Number.isNaN(committedMs(entry))) faults.push(`${entry.run} has a score but no time of commit.`);
  if (entry.files.length === 0) faults.push(`${entry.run} has a score but no files.`);
  if (entry.score.rows !== body.dataset.parts.selection)
    faults.push(`${entry.run} was scored on ${entry.score.rows} rows, not on the selection part.`);
  const difference = signOf(body.job.objective.metric) * (entry.score.value - body.winner.selection.value);
  if (entry.to_winner !== null && !near(entry.to_winner.value, difference))
    faults.push(`The difference of ${entry.run} to the winner does not fit their scores.`);
  return faults;
}

function chanceFaults(scored: readonly ScoredEntry[]): string[] {
  const total = scored.reduce((sum, entry) => sum + (entry.p_best ?? 0), 0);
  if (scored.length === 0 || Math.abs(total - 1) <= pBestTolerance) return [];
  return [`The probabilities of being best sum to ${total}, not to 1.`];
}

function orderFaults(body: ReceiptBody): string[] {
  const { job, winner, dataset, baseline } = body;
  const faults: string[] = [];
  if (job.objective.direction !== metricTable[job.objective.metric].direction)
    faults.push('The direction of the objective is not that of its metric.');
  if (!(job.created_at <= job.opened_at && job.opened_at <= job.judged_at && job.judged_at <= body.issued_at))
    faults.push('The times of the job are not in order.');
  if (winner.report.rows !== dataset.parts.report) faults.push('The report score is not of the report part.');
  if (![baseline.selection, baseline.report].every(Number.isFinite)) faults.push('The baseline is not finite.');
  for (const { value, ci95 } of [winner.selection, winner.report, winner.gain])
    if (!(ci95[0] <= ci95[1]) || !Number.isFinite(value)) faults.push('An interval of the winner is upside down.');
  for (const [name, hex] of Object.entries({ secret: body.split.secret, commitment: body.split.commitment }))
    if (!/^[0-9a-f]{64}$/.test(hex)) faults.push(`The split ${name} is not 64 hex digits.`);
  return faults;
}

/**
 * Whether a receipt agrees with itself: the winner is the best of the entries, or the earliest of equals, and better
 * than the baseline; gains are differences of scores; probabilities sum to 1; scores are of the parts that the dataset
 * has. Says nothing about the signature, and needs neither dataset nor models.
 *
 * @returns every fault as a sentence; empty where there is none.
 */
export function checkReceipt(body: ReceiptBody): string[] {
  const scored = body.entries.filter(isScored);
  return [
    ...orderFaults(body),
    ...listFaults(body),
    ...scored.flatMap((entry) => entryFaults(body, entry)),
    ...chanceFaults(scored),
    ...winnerFaults(body, scored),
    ...gainFaults(body),
  ];
}
