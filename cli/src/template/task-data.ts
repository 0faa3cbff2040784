import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { limits, type Objective, type TableSchema, type TaskName, type TextLimits, taskTable } from '@agon/contracts';
import { inspectDataset, isTextTask, prepareDataset, sourceOfBytes } from '@agon/dataset';
import { chooseObjective } from '@agon/domain';
import { parse } from 'csv-parse/sync';
import { CommandError } from '../context.ts';

/** `odd` has the same rows under names, and with values, that break careless programs. */
export type DataKind = 'usual' | 'tiny' | 'odd';

/** A job's data as the service prepares it, small enough to train on in seconds. */
export type TaskData = {
  readonly objective: Objective;
  readonly train: Buffer;
  readonly rows: number;
  readonly hidden: Buffer;
  readonly table: TableSchema | null;
  readonly text: TextLimits | null;
};

type Source = { readonly file: string; readonly target?: string; readonly rows: number };

const sources: Readonly<Record<TaskName, Source>> = {
  'tabular-classification': { file: 'penguins/penguins.csv', target: 'species', rows: 344 },
  'tabular-regression': { file: 'bike-sharing/bike-sharing.csv', target: 'bikers', rows: 1_500 },
  'text-classification': { file: 'definitions/definitions.jsonl', target: 'label', rows: 600 },
  chat: { file: 'countries/countries.jsonl', rows: 300 },
  preference: { file: 'countries-preference/countries-preference.jsonl', rows: 200 },
};
const maxTokens = 96;
const splitSecret = '5a'.repeat(32);
const oddNames = ['größe in cm', 'a "quoted", name', '日本語', ' leading space', '🐧', "it's; DROP", 'a\tb', '../../x'];

type Row = Readonly<Record<string, unknown>>;

/** The data of a task, from a real dataset of this checkout. The service's own code splits and writes it. */
export async function taskData(task: TaskName, kind: DataKind, datasetsFolder: string): Promise<TaskData> {
  const { file, target, rows } = sources[task];
  const all = await readRows(join(datasetsFolder, file));
  const chosen = evenly(all, kind === 'tiny' ? limits.datasetRowsMin : rows);
  const named = kind === 'odd' ? odd(chosen, { target, isText: isTextTask(task) }) : { rows: chosen, target };
  const source = isTextTask(task)
    ? sourceOfBytes({ filename: 'data.jsonl', bytes: jsonLines(named.rows) })
    : sourceOfBytes({ filename: 'data.csv', bytes: csv(named.rows) });
  const inspection = await inspectDataset(source, { task, target: named.target });
  if (!inspection.ok) throw new CommandError(`The dataset ${file} is refused: ${inspection.error.message}`);
  const parts: Record<string, Buffer> = {};
  const prepared = await prepareDataset(source, inspection, {
    splitSecret,
    write: async (name, text) => {
      const pieces: Uint8Array[] = [];
      for await (const piece of text) pieces.push(piece);
      const part = Buffer.concat(pieces);
      parts[name] = part;
      return { sha256: '0'.repeat(64), bytes: part.length };
    },
  });
  return {
    objective: chooseObjective(task, {}),
    train: parts.train ?? Buffer.alloc(0),
    rows: prepared.parts.train.rows,
    hidden: parts.report ?? Buffer.alloc(0),
    table: inspection.table && disguised(inspection.table, task),
    text: taskTable[task].data === 'text' ? { max_tokens: maxTokens, lora_rank_max: 64 } : null,
  };
}

/** Names of inputs and an order of classes that nobody guesses who does not read job.json. */
function disguised(table: TableSchema, task: TaskName): TableSchema {
  const classes = table.classes?.toReversed() ?? null;
  if (isTextTask(task)) return { ...table, classes };
  const columns = table.columns.map((column, index) => ({ ...column, input: `input_${index + 1}` }));
  return { ...table, classes, columns };
}

async function readRows(path: string): Promise<Row[]> {
  const text = await readFile(path, 'utf8');
  if (extname(path) === '.csv') return parse(text, { columns: true });
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

const jsonLines = (rows: readonly Row[]): Buffer => Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));

function csv(rows: readonly Row[]): Buffer {
  const line = (cells: readonly unknown[]): string =>
    `${cells.map((cell) => `"${String(cell).replaceAll('"', '""')}"`).join(',')}\n`;
  return Buffer.from(line(Object.keys(rows[0] ?? {})) + rows.map((row) => line(Object.values(row))).join(''));
}

/** So many rows from all over a file, which may be sorted. */
function evenly(rows: readonly Row[], count: number): Row[] {
  if (rows.length <= count) return [...rows];
  return Array.from({ length: count }, (_, index) => rows[Math.floor((index * rows.length) / count)] ?? {});
}

function odd(
  rows: readonly Row[],
  { target, isText }: { target: string | undefined; isText: boolean },
): { rows: Row[]; target: string | undefined } {
  if (isText) {
    const strange = (row: Row, index: number): Row =>
      Object.fromEntries(
        Object.entries(row).map(([key, value]) => [key, key === target ? value : decorated(value, index)]),
      );
    return { rows: rows.map(strange), target };
  }
  const renamed = new Map(
    Object.keys(rows[0] ?? {})
      .filter((name) => name !== target)
      .map((name, index) => [name, oddNames[index] ?? name]),
  );
  const newTarget = target && `ziel "${target}"`;
  const strange = (row: Row, index: number): Row => ({
    ...Object.fromEntries(Object.entries(row).map(([name, value]) => [renamed.get(name) ?? newTarget ?? name, value])),
    // Every value is new: those of hidden rows were never seen in training.
    'never seen': `№ ${index}, "quoted"\nand “so” on 🐧`,
  });
  return { rows: rows.map(strange), target: newTarget };
}

/** The texts in a value, with what careless programs stumble over; roles are no texts. */
function decorated(value: unknown, index: number, key = ''): unknown {
  if (typeof value === 'string')
    return key === 'role' ? value : `${value}${[' 🐧', ' «שלום»', '\n"日本語"'][index % 3]}`;
  if (Array.isArray(value)) return value.map((each) => decorated(each, index));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, decorated(each, index, name)]));
}
