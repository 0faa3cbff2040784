import type { Progress } from '@agon/contracts';
import type { CurvePoint } from '@agon/store';

/**
 * Adds the loss of a progress report. A full curve drops every other point, so it stays bounded and spans the whole run;
 * its newest point is always kept.
 */
export function addPoint(
  curve: readonly Readonly<CurvePoint>[],
  progress: Progress,
  seconds: number,
  pointsMax: number,
): CurvePoint[] {
  const points = curve.map((point): CurvePoint => [...point]);
  if (progress.loss === undefined) return points;
  const kept = points.length >= pointsMax ? points.filter((_, index) => index % 2 === 0) : points;
  return [...kept, [seconds, progress.loss, progress.step]];
}
