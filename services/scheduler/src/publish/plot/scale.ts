/** Where values lie along an axis, and the values that are named beside it. */
export type Scale = { readonly at: (value: number) => number; readonly ticks: readonly number[] };

type Range = { readonly from: number; readonly to: number };

const ticksWanted = 5;
/** Positive values that span more than this are shown by their logarithms. */
const logRatio = 20;

/** @param pixels from where to where the axis goes; `from` may be the larger. */
export function scaleOf(values: readonly number[], pixels: Range): Scale {
  const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  return low > 0 && high / low > logRatio ? logScale(low, high, pixels) : linearScale(low, high, pixels);
}

/** From a round value at or below `low` to one at or above `high`. */
export function linearScale(low: number, high: number, pixels: Range): Scale {
  const step = roundStep((high - low || Math.abs(high) || 1) / ticksWanted);
  const first = Math.floor(low / step);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => tidy((first + index) * step));
  const share = (value: number): number => (value / step - first) / (last - first);
  return { at: (value) => pixels.from + share(value) * (pixels.to - pixels.from), ticks };
}

function logScale(low: number, high: number, pixels: Range): Scale {
  const [from, to] = [Math.log10(low), Math.log10(high)];
  const decades = Array.from({ length: Math.ceil(to) - Math.floor(from) + 1 }, (_, index) => Math.floor(from) + index);
  const steps = decades.flatMap((decade) => [1, 2, 5].map((digit) => tidy(digit * 10 ** decade)));
  const inside = steps.filter((tick) => tick >= low && tick <= high);
  const thinned = inside.length > 2 * ticksWanted ? inside.filter((tick) => /^1/.test(tick.toExponential())) : inside;
  const share = (value: number): number => (Math.log10(value) - from) / (to - from);
  return { at: (value) => pixels.from + share(value) * (pixels.to - pixels.from), ticks: thinned };
}

/** The nearest of 1, 2, 5 times a power of ten that is not smaller. */
function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const digit = [1, 2, 5, 10].find((each) => each * power >= rough * (1 - 1e-9)) ?? 10;
  return digit * power;
}

/** Without the dust of binary fractions. */
const tidy = (value: number): number => Number(value.toPrecision(12));
