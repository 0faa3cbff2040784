import { AppError, type DatasetNote, limits } from '@agon/contracts';
import { readHeader } from '@agon/domain';
import { type AsyncBuffer, type FileMetaData, parquetSchema, type SchemaTree } from 'hyparquet';
import type { NestedValues } from './jsonl-table.ts';
import { ParquetColumn } from './parquet-column.ts';
import { damaged, type ParquetFile, readFooter } from './parquet-file.ts';
import { NestedColumn } from './parquet-nested.ts';
import { UnsupportedFault } from './parquet-page.ts';
import type { ProblemList } from './problem-list.ts';
import { counted, quoted } from './say.ts';
import { checkColumnCount, checkRowCount, nameFault, type RowBatch } from './table-reader.ts';

/** Cells in a batch: some milliseconds of work. */
const batchCells = 16_384;

/** Reads Parquet page by page: one row group after the other; lists and records only where they are asked for as JSON. */
export class ParquetRows {
  readonly #problems: ProblemList;
  readonly notes: DatasetNote[] = [];
  #columns: readonly string[] = [];
  #rowsSeen = 0;
  #characters = 0;
  #infinite = new Set<number>();
  readonly #nested: NestedValues;

  constructor(problems: ProblemList, nested: NestedValues = 'refused') {
    this.#problems = problems;
    this.#nested = nested;
  }

  /** @throws AppError `dataset_unreadable`, `dataset_too_large`. */
  async *batches(bytes: AsyncBuffer): AsyncGenerator<RowBatch> {
    const file = await readFooter(bytes);
    const leaves = this.#schema(file.metadata);
    if (leaves === null) return;
    yield { columns: this.#columns, firstRow: 1, rows: [] };
    for (const group of file.metadata.row_groups) yield* this.#group(file, group, leaves);
    for (const index of this.#infinite) {
      const column = this.#columns[index] ?? '';
      const message = `Column ${quoted(column)} has infinite numbers; they count as missing.`;
      this.notes.push({ code: 'infinite_numbers', column, message });
    }
  }

  /** The path of each column, or null where the columns cannot be used. */
  #schema(metadata: FileMetaData): SchemaTree[][] | null {
    const root = rootOf(metadata);
    checkColumnCount(root.children.length);
    checkRowCount(Number(metadata.num_rows));
    const names = root.children.map((child) => child.element.name);
    const fault = names.map(nameFault).find((found) => found !== null);
    if (fault) {
      this.#problems.add(fault);
      return null;
    }
    const header = readHeader(names);
    if (!header.ok) {
      for (const problem of header.problems) this.#problems.addWhole(problem);
      return null;
    }
    this.#columns = header.names;
    this.notes.push(...header.notes.slice(0, limits.datasetNotesMax));
    for (const child of root.children) {
      const why = isNested(child) && this.#nested === 'json' ? null : unusable(child);
      if (why) this.#refuse('column_type', child.element.name, `Column ${quoted(child.element.name)} ${why}.`);
    }
    return this.#problems.empty ? root.children.map((child) => [root, child]) : null;
  }

  async *#group(file: ParquetFile, group: FileMetaData['row_groups'][number], leaves: SchemaTree[][]) {
    const rows = Number(group.num_rows);
    checkRowCount(this.#rowsSeen + rows);
    const chunks = flatChunks(group);
    const columns = leaves.map((path) => this.#open(file, { path, chunks, rows }));
    const batchRows = Math.max(1, Math.floor(batchCells / Math.max(1, columns.length)));
    for (let left = rows; left > 0; ) {
      for (const [index, column] of columns.entries()) {
        if (column.ready > 0) continue;
        await this.#fill(column, index);
      }
      const take = Math.min(left, batchRows, ...columns.map((column) => column.ready));
      const firstRow = this.#rowsSeen + 1;
      const batch = Array.from({ length: take }, () => this.#row(columns));
      left -= take;
      yield { columns: this.#columns, firstRow, rows: batch } satisfies RowBatch;
    }
  }

  #open(file: ParquetFile, input: { path: SchemaTree[]; chunks: Chunks; rows: number }): Column {
    const { path, chunks, rows } = input;
    const leaf = path.at(-1);
    const name = leaf?.element.name ?? '';
    if (leaf && isNested(leaf)) return new NestedColumn(file, { name, firstRow: this.#rowsSeen, rows });
    const chunk = chunks.get(name);
    if (!chunk) throw damaged('a row group has other columns than the file');
    try {
      return new ParquetColumn(file.bytes, { path, chunk, rows });
    } catch (error) {
      throw explained(error, name);
    }
  }

  async #fill(column: Column, index: number): Promise<void> {
    try {
      await column.fill();
    } catch (error) {
      throw explained(error, this.#columns[index] ?? '');
    }
  }

  #row(columns: readonly Column[]): readonly string[] | null {
    this.#rowsSeen += 1;
    let characters = 0;
    let good = true;
    const cells = new Array<string>(columns.length);
    for (const [index, column] of columns.entries()) {
      const cell = this.#text(column.take(), index);
      characters += cell.length;
      cells[index] = cell;
      if (cell.length > limits.datasetCellCharactersMax || cell.includes('\0')) good = this.#badCell(cell, index);
    }
    this.#characters += characters;
    if (this.#characters > limits.datasetBytesMax) {
      const most = counted(limits.datasetBytesMax);
      throw new AppError(
        'dataset_too_large',
        `The Parquet file unpacks to more than ${most} characters, which is the limit.`,
      );
    }
    if (characters <= limits.datasetRowCharactersMax) return good ? cells : null;
    const message = `Row ${counted(this.#rowsSeen)} has ${counted(characters)} characters; the limit is ${counted(limits.datasetRowCharactersMax)}.`;
    this.#problems.add({ code: 'row_too_long', row: this.#rowsSeen, message });
    return null;
  }

  #badCell(cell: string, index: number): false {
    const column = this.#columns[index] ?? '';
    const why =
      cell.length > limits.datasetCellCharactersMax
        ? `${counted(cell.length)} characters; the limit is ${counted(limits.datasetCellCharactersMax)}`
        : 'a NUL character';
    const code = cell.length > limits.datasetCellCharactersMax ? 'cell_too_long' : 'nul_character';
    const message = `Row ${counted(this.#rowsSeen)} has a value in ${quoted(column)} with ${why}.`;
    this.#problems.add({ code, row: this.#rowsSeen, column, message });
    return false;
  }

  #text(value: unknown, index: number): string {
    if (typeof value === 'string') return value;
    if (value === null || value === undefined) return '';
    if (typeof value === 'number') {
      if (Number.isFinite(value)) return String(value);
      if (!Number.isNaN(value)) this.#infinite.add(index);
      return '';
    }
    return String(value);
  }

  #refuse(code: string, column: string, message: string): void {
    this.#problems.add({ code, column, message });
  }
}

function rootOf(metadata: FileMetaData): SchemaTree {
  try {
    return parquetSchema(metadata);
  } catch (error) {
    throw damaged('its schema is damaged', error);
  }
}

type Group = FileMetaData['row_groups'][number];
type Chunks = ReadonlyMap<string, Group['columns'][number]>;
type Column = ParquetColumn | NestedColumn;

/** The chunks of columns of plain values, by name. */
const flatChunks = (group: Group): Chunks =>
  new Map(
    group.columns
      .filter(({ meta_data }) => meta_data?.path_in_schema.length === 1)
      .map((chunk) => [String(chunk.meta_data?.path_in_schema[0]), chunk]),
  );

const isNested = ({ children, element }: SchemaTree): boolean =>
  children.length > 0 || element.repetition_type === 'REPEATED';

const explained = (error: unknown, column: string): unknown => {
  if (!(error instanceof Error) || (error as NodeJS.ErrnoException).syscall) return error;
  if (error instanceof UnsupportedFault) {
    const message = `The Parquet file cannot be read: column ${quoted(column)} ${error.message}.`;
    return new AppError('dataset_unreadable', message, {}, error);
  }
  return damaged(`column ${quoted(column)}: ${error.message}`, error);
};

const typesRefused: ReadonlySet<string> = new Set(['BSON', 'INTERVAL', 'GEOMETRY', 'GEOGRAPHY', 'VARIANT']);

/** Why a column cannot be cells of a table, or null. */
function unusable(tree: SchemaTree): string | null {
  const { element } = tree;
  const types = [element.logical_type?.type, element.converted_type].filter((type) => type !== undefined);
  if (isNested(tree)) {
    return 'holds lists or records; write one plain value per column, or JSON Lines';
  }
  const refused = types.find((type) => typesRefused.has(type));
  if (refused) return `has the type ${refused}; write it as numbers or text`;
  const readable = types.some((type) => type === 'DECIMAL' || type === 'UUID' || type === 'FLOAT16');
  return element.type === 'FIXED_LEN_BYTE_ARRAY' && !readable ? 'holds bytes; write it as numbers or text' : null;
}
