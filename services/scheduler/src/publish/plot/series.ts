import type { RunRecord } from '@agon/store';
import type { JudgedJob } from '../judged-job.ts';

/** One racer as it is drawn: colour and pattern say the same, for readers who cannot tell colours apart. */
export type Series = {
  readonly label: string;
  readonly colour: string;
  readonly dash: string | undefined;
  readonly width: number;
  readonly curve: readonly (readonly [number, number])[];
  readonly score: { readonly value: number; readonly ci95: readonly [number, number] };
};

/** Told apart with every kind of colour blindness (Okabe and Ito 2008). */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#8a6d00', '#000000', '#6b6b6b'] as const;
const dashes = [undefined, '6 3', '2 3', '9 3 2 3'] as const;
const racersMax = colours.length;
const nameCharactersMax = 22;

/** The best racers of a judged job by rank, the winner first. */
export function seriesOf(job: JudgedJob, runs: readonly RunRecord[]): Series[] {
  const runById = new Map(runs.map((run) => [run.id, run]));
  return job.judgement.entries
    .toSorted((left, right) => left.rank - right.rank)
    .slice(0, racersMax)
    .map((entry, index) => {
      const run = runById.get(entry.runId);
      const name = shortened(run?.minerName ?? entry.runId);
      const recipe = run?.template ? ` · ${shortened(run.template)}` : '';
      return {
        label: `${entry.rank}. ${name}${recipe}`,
        colour: colours[index % colours.length] as string,
        dash: dashes[index % dashes.length],
        width: index === 0 ? 2.6 : 1.6,
        curve: finite(run?.curve ?? []),
        score: entry.score,
      };
    });
}

const finite = (curve: RunRecord['curve']): [number, number][] =>
  curve.flatMap(([at, loss]): [number, number][] => (Number.isFinite(at) && Number.isFinite(loss) ? [[at, loss]] : []));

const shortened = (text: string): string =>
  text.length > nameCharactersMax ? `${text.slice(0, nameCharactersMax - 1)}…` : text;
