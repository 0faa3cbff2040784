/** What every benchmark prints with `--json`: ours beside the yardstick of the same run. */
export type BenchResult = {
  readonly bench: string;
  readonly ours: number;
  readonly yardstick: number;
  /** Of the two; the aim beside it says which way is better. */
  readonly ratio: number;
  readonly unit: string;
  readonly aim: string;
  readonly met: boolean;
  readonly details: Readonly<Record<string, number | string>>;
};

export type Bench = (say: (text: string) => void) => Promise<BenchResult[]>;

const round = (value: number): number => Number(value.toPrecision(4));

/** Puts a result together; `met` judges the rounded figures that are shown. */
export function resultOf(
  spec: Pick<BenchResult, 'bench' | 'unit' | 'aim'>,
  figures: { ours: number; yardstick: number; details?: BenchResult['details'] },
  met: (figures: { ours: number; ratio: number }) => boolean,
): BenchResult {
  const ours = round(figures.ours);
  const ratio = round(figures.ours / figures.yardstick);
  return {
    ...spec,
    ours,
    yardstick: round(figures.yardstick),
    ratio,
    met: met({ ours, ratio }),
    details: figures.details ?? {},
  };
}

/** The value below which `share` of the numbers lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
