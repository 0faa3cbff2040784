import type { MinerRun } from '@agon/contracts';
import { silentLog } from '@agon/kit';
import { expect, test } from 'vitest';
import { type Verdict, Verdicts, verdictOf } from './verdicts.ts';

const score = { value: 0.4, ci95: [0.3, 0.5] as [number, number], rows: 100 };
const sealed = { id: 'run_1', status: 'scored', score: null, won: null, rank: null, error: null } as MinerRun;

test.each<[string, Partial<MinerRun>, string | undefined]>([
  ['scored but not judged', {}, undefined],
  ['judged and best', { won: true, rank: 1, score }, 'won: It won the race.'],
  ['judged and third', { won: false, rank: 3, score }, 'lost: It came in at place 3.'],
  ['judged and of no rank', { won: false, score }, 'lost: Another run won the race.'],
  [
    'rejected',
    { status: 'rejected', error: { code: 'x', class: null, message: 'NaN in out.' } },
    'rejected: NaN in out.',
  ],
  ['of a cancelled job', { status: 'cancelled' }, 'cancelled: The job was cancelled.'],
])('a run that is %s', (_, changes, said) => {
  const verdict = verdictOf({ ...sealed, ...changes });
  expect(verdict && `${verdict.outcome}: ${verdict.message}`).toBe(said);
});

test('a run is asked for until it is judged, more and more seldom, and told once', async () => {
  let nowMs = 0;
  const asked: number[] = [];
  const told: Verdict[] = [];
  const run = async (): Promise<MinerRun> => {
    asked.push(nowMs);
    if (asked.length === 2) throw new Error('The service restarts.');
    return nowMs < 300_000 ? sealed : { ...sealed, won: true, rank: 1, score };
  };
  const verdicts = new Verdicts({
    ...{ client: { run }, clock: { nowMs: () => nowMs }, log: silentLog },
    onVerdict: (verdict) => told.push(verdict),
  });
  verdicts.follow('run_1');
  await verdicts.close();
  for (; nowMs < 400_000; nowMs += 1_000) await verdicts.lookOnce();
  expect(told).toMatchObject([{ runId: 'run_1', outcome: 'won', rank: 1 }]);
  expect(asked.length).toBeLessThan(60);
  const gaps = asked.slice(1).map((atMs, index) => atMs - (asked[index] ?? 0));
  expect(gaps.at(-1)).toBeGreaterThan(20_000);
});
