import type { RunRecord } from '@agon/store';
import type { JudgedJob } from '../judged-job.ts';
import { type Box, curvesPanel, scoresPanel } from './panels.ts';
import { type Series, seriesOf } from './series.ts';
import { element, lineOf, type Piece, textOf } from './svg.ts';

const width = 920;
const panelTop = 52;
const panelHeight = 230;
const margin = { left: 66, right: 20, between: 84 };
const legendLine = 19;
const font = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";

/**
 * The picture of a race as SVG: how the trainers' losses fell, and how the models scored on hidden rows beside the
 * baseline. The same race gives the same bytes.
 */
export function racePlot(job: JudgedJob, runs: readonly RunRecord[]): string {
  const series = seriesOf(job, runs);
  const hasCurves = series.some(({ curve }) => curve.length > 1);
  const bottom = panelTop + panelHeight;
  const half = (width - margin.left - margin.right - margin.between) / 2;
  const left: Box = { left: margin.left, top: panelTop, right: margin.left + half, bottom };
  const right: Box = {
    ...left,
    left: hasCurves ? left.right + margin.between : left.left,
    right: width - margin.right,
  };
  const legendTop = bottom + 62;
  const height = legendTop + Math.ceil(series.length / 2) * legendLine + 8;
  const { result, judgement } = job;
  const race = {
    metric: result.metric,
    better: result.direction === 'minimize' ? ('lower' as const) : ('higher' as const),
    baseline: result.baseline.selection,
    rows: result.selection.rows,
  };
  const label = `The race of ${judgement.entries.length} models; the legend names them by rank, the winner first.`;
  return `${element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
      'aria-label': label,
      'font-family': font,
    },
    element('rect', { width, height, fill: '#ffffff' }),
    ...(hasCurves ? [curvesPanel(series, left)] : []),
    scoresPanel(series, right, race),
    legend(series, legendTop),
  )}\n`;
}

/** Two columns of line and name, by rank. */
const legend = (series: readonly Series[], top: number): Piece =>
  series
    .map(({ label, colour, dash, width: stroke }, index) => {
      const x = margin.left + (index % 2) * ((width - margin.left) / 2);
      const y = top + Math.floor(index / 2) * legendLine;
      const line = { stroke: colour, 'stroke-width': stroke, 'stroke-dasharray': dash };
      const name = { x: x + 36, y: y + 4, 'font-size': 12, fill: '#1f2328' };
      return lineOf([x, y], [x + 28, y], line) + textOf(index === 0 ? `${label} (winner)` : label, name);
    })
    .join('');
