import { type ColumnSummary, type DatasetNote, type DatasetReport, limits, type TableSchema } from '@agon/contracts';
import {
  chooseObjective,
  type DatasetRefusal,
  distinctOf,
  hiddenRowsMax,
  kindOf,
  missingOf,
  plural,
  refusal,
  shown,
} from '@agon/domain';
import { checkClassRows } from '../check-class-rows.ts';
import type { DatasetSource } from '../dataset-source.ts';
import type { InspectionRefusal, TextInspection } from '../inspection.ts';
import { openTable } from '../open-table.ts';
import { partSizes } from '../part-sizes.ts';
import { ProblemList } from '../problem-list.ts';
import { refuseDecision, refuseProblems } from '../refusals.ts';
import { counted } from '../say.ts';
import type { TableReader } from '../table-reader.ts';
import type { TextWish } from './inspect-text.ts';
import { RowFault } from './row-fault.ts';
import { columnsOf, type TextLayout } from './text-layout.ts';
import { textNotes } from './text-notes.ts';
import { readTextRows } from './text-rows.ts';
import { TextTally } from './text-tally.ts';

type Decided = { readonly wish: TextWish; readonly layout: TextLayout; readonly notes: readonly DatasetNote[] };

/** Reads all rows by the layout that was found, and concludes. */
export async function checkTexts(
  source: DatasetSource,
  decided: Decided,
  options: { signal?: AbortSignal | undefined },
): Promise<TextInspection | InspectionRefusal> {
  const { wish, layout } = decided;
  const problems = new ProblemList();
  const reader = await openTable(source, { problems, nested: 'json', signal: options.signal });
  const tally = await tallyOf(reader, layout, problems);
  if (!problems.empty) return refuseProblems(problems, null);
  const names = [...tally.columns.keys()];
  const refused = checkIgnored(wish, layout, names) ?? checkRows(layout, tally);
  if (refused) return refuseDecision(refused, { format: reader.format, names });
  return {
    ok: true,
    data: 'text',
    task: wish.task,
    taskInferred: wish.why,
    metric: chooseObjective(wish.task, { metric: wish.metric }).metric,
    report: reportOf(reader, decided, tally),
    table: tableOf(layout),
    plan: { layout, rowsByStratum: tally.rowsByStratum },
  };
}

async function tallyOf(reader: TableReader, layout: TextLayout, problems: ProblemList): Promise<TextTally> {
  const tally = new TextTally(layout.task === 'text-classification' ? layout.classes.length : 1);
  for await (const { columns, rows } of readTextRows(reader, layout)) {
    for (const row of rows) {
      tally.add(columns, row);
      if (!(row.read instanceof RowFault)) continue;
      const { code, column, message } = row.read;
      const where = column === null ? {} : { column };
      problems.add({ code, row: row.number, ...where, message: `Row ${counted(row.number)} ${message}.` });
    }
  }
  return tally;
}

function checkIgnored(
  { ignoreColumns = [] }: TextWish,
  layout: TextLayout,
  names: readonly string[],
): DatasetRefusal | undefined {
  const unknown = ignoreColumns.find((name) => !names.includes(name.trim()));
  if (unknown !== undefined) return refusal('dataset_invalid', `There is no column ${shown(unknown)} to ignore.`);
  const used = ignoreColumns.find((name) => columnsOf(layout).has(name.trim()));
  if (used === undefined) return undefined;
  return refusal('dataset_invalid', `The column ${shown(used)} is read, so it cannot be among the columns to ignore.`);
}

function checkRows(layout: TextLayout, tally: TextTally): DatasetRefusal | undefined {
  const rows = tally.different;
  if (rows < limits.datasetRowsMin) {
    const dropped = tally.duplicates > 0 ? ` once ${plural(tally.duplicates, 'duplicate')} are dropped` : '';
    const message = `${plural(rows, 'different row')} ${rows === 1 ? 'is' : 'are'} left${dropped}; at least ${limits.datasetRowsMin} are needed to train and to judge fairly.`;
    return refusal('dataset_too_small', message);
  }
  if (layout.task !== 'text-classification') return undefined;
  const { target, classes } = layout;
  return checkClassRows({ target, classes, rowsByStratum: tally.rowsByStratum });
}

const tableOf = (layout: TextLayout): TableSchema | null =>
  layout.task === 'text-classification'
    ? {
        target: layout.target,
        classes: layout.classes,
        columns: [{ name: 'text', input: 'text', kind: 'text' }],
      }
    : null;

function reportOf(reader: TableReader, { wish, layout, notes }: Decided, tally: TextTally): DatasetReport {
  const classes = layout.task === 'text-classification' ? layout.classes : null;
  return {
    format: reader.format,
    rows: tally.rows,
    rows_dropped: { duplicates: tally.duplicates, without_target: tally.withoutTarget, empty: tally.empty },
    parts: partSizes(tally.rowsByStratum, hiddenRowsMax(wish.task)),
    columns: summariesOf(layout, tally),
    classes: classes?.map((name, index) => ({ name, rows: tally.rowsByStratum[index] ?? 0 })) ?? null,
    notes: [...reader.notes, ...notes, ...textNotes(layout, tally)].slice(0, limits.datasetNotesMax),
  };
}

function summariesOf(layout: TextLayout, tally: TextTally): ColumnSummary[] {
  const read = columnsOf(layout);
  return [...tally.columns].map(([name, column]) => {
    const isTarget = layout.task === 'text-classification' && name === layout.target;
    const kind = isTarget ? layout.targetKind : read.has(name) ? 'text' : kindOf(column);
    return {
      name,
      kind,
      missing: missingOf(column, kind),
      distinct: isTarget ? layout.classes.length : distinctOf(column, kind),
      distinct_capped: !isTarget && column.distinctCapped,
      role: isTarget ? 'target' : read.has(name) ? 'feature' : 'ignored',
      examples: [...column.examples],
    };
  });
}
