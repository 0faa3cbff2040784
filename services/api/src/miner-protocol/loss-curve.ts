import type { Progress } from '@agon/contracts';

type Curve = readonly (readonly [number, number])[];

/**
 * Adds the loss of a progress report as `[seconds since the lease, loss]`. A full curve drops every other point, so it
 * stays bounded and spans the whole run; its newest point is always kept.
 */
export function addPoint(curve: Curve, progress: Progress, seconds: number, pointsMax: number): [number, number][] {
  const points = curve.map(([at, loss]): [number, number] => [at, loss]);
  if (progress.loss === undefined) return points;
  const kept = points.length >= pointsMax ? points.filter((_, index) => index % 2 === 0) : points;
  return [...kept, [seconds, progress.loss]];
}
