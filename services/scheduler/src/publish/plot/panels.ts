import { figure } from '../../figure.ts';
import { linearScale, type Scale, scaleOf } from './scale.ts';
import type { Series } from './series.ts';
import { element, escaped, lineOf, type Piece, rounded, textOf } from './svg.ts';

export type Box = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

const ink = '#1f2328';
const faint = '#d0d7de';
const small = { 'font-size': 11, fill: ink };

/** Losses that the trainers reported, over the time since each got its seat. */
export function curvesPanel(series: readonly Series[], box: Box): Piece {
  const points = series.flatMap(({ curve }) => curve);
  const last = points.reduce((most, [at]) => Math.max(most, at), 0);
  const x = linearScale(0, last, { from: box.left, to: box.right });
  const y = scaleOf(
    points.map(([, loss]) => loss),
    { from: box.bottom, to: box.top },
  );
  const curves = series.toReversed().map((each) =>
    element('path', {
      d: each.curve
        .map(([at, loss], index) => `${index === 0 ? 'M' : 'L'}${rounded(x.at(at))} ${rounded(y.at(loss))}`)
        .join(''),
      fill: 'none',
      stroke: each.colour,
      'stroke-width': each.width,
      'stroke-dasharray': each.dash,
      'stroke-linejoin': 'round',
    }),
  );
  const titles = { title: 'Training', x: 'seconds since the seat was taken', y: 'loss that the trainer reports' };
  return [frame(box, { x, y }, titles), ...curves].join('');
}

/** Scores on hidden rows with their intervals, one racer a line, and the baseline across. */
export function scoresPanel(
  series: readonly Series[],
  box: Box,
  race: { metric: string; better: 'lower' | 'higher'; baseline: number; rows: number },
): Piece {
  const values = [race.baseline, ...series.flatMap(({ score }) => [score.value, ...score.ci95])];
  const x = linearScale(Math.min(...values), Math.max(...values), { from: box.left, to: box.right });
  const step = (box.bottom - box.top) / series.length;
  const racers = series.map(({ score, colour, dash, label }, index) => {
    const y = box.top + step * (index + 0.5);
    const [low, high] = [x.at(score.ci95[0]), x.at(score.ci95[1])];
    const stroke = { stroke: colour, 'stroke-width': 2 };
    const end = (at: number): Piece => lineOf([at, y - 5], [at, y + 5], stroke);
    const dot = { cx: x.at(score.value), cy: y, r: index === 0 ? 6 : 4.5, fill: index === 0 ? colour : '#ffffff' };
    return element(
      'g',
      {},
      element('title', {}, escaped(`${label}: ${figure(score.value)}`)),
      lineOf([low, y], [high, y], { ...stroke, 'stroke-dasharray': dash }),
      end(low),
      end(high),
      element('circle', { ...dot, ...stroke }),
      textOf(label.replace(/\..*/, ''), { ...small, x: box.left - 8, y: y + 4, 'text-anchor': 'end' }),
    );
  });
  const titles = {
    title: `Score on ${race.rows} hidden rows`,
    x: `${race.metric}, ${race.better} is better; bars are 95 % intervals`,
    y: 'rank',
  };
  return [frame(box, { x }, titles), baselineOf(x.at(race.baseline), box), ...racers].join('');
}

const baselineOf = (x: number, box: Box): Piece =>
  [
    lineOf([x, box.top], [x, box.bottom], { stroke: ink, 'stroke-width': 1.4, 'stroke-dasharray': '4 4' }),
    textOf('baseline', { ...small, x, y: box.top - 5, 'text-anchor': 'middle' }),
  ].join('');

/** Title, axes with their names, and a faint line for every value that is named. */
function frame(box: Box, scales: { x: Scale; y?: Scale }, titles: { title: string; x: string; y: string }): Piece {
  const middle = (box.left + box.right) / 2;
  const height = (box.top + box.bottom) / 2;
  const turned = { ...small, x: 0, y: 0, 'text-anchor': 'middle' };
  return [
    textOf(titles.title, { x: box.left, y: box.top - 24, fill: ink, 'font-size': 14, 'font-weight': 600 }),
    ...scales.x.ticks.flatMap((tick) => {
      const x = scales.x.at(tick);
      const label = textOf(figure(tick), { ...small, x, y: box.bottom + 16, 'text-anchor': 'middle' });
      return [lineOf([x, box.top], [x, box.bottom], { stroke: faint }), label];
    }),
    ...(scales.y?.ticks ?? []).flatMap((tick) => {
      const y = scales.y?.at(tick) ?? 0;
      const label = textOf(figure(tick), { ...small, x: box.left - 6, y: y + 4, 'text-anchor': 'end' });
      return [lineOf([box.left, y], [box.right, y], { stroke: faint }), label];
    }),
    textOf(titles.x, { ...small, x: middle, y: box.bottom + 34, 'text-anchor': 'middle' }),
    element(
      'g',
      { transform: `translate(${rounded(box.left - 48)} ${rounded(height)}) rotate(-90)` },
      textOf(titles.y, turned),
    ),
    lineOf([box.left, box.bottom], [box.right, box.bottom], { stroke: ink }),
    lineOf([box.left, box.top], [box.left, box.bottom], { stroke: ink }),
  ].join('');
}
