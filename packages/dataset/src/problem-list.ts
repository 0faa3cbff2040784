import { type DatasetProblem, limits } from '@agon/contracts';

/** Rows that a problem's message names; the rest is only counted. */
const rowsNamedMax = 5;

type Entry = { problem: DatasetProblem; rows: number[] };

/** What is wrong with a dataset: equal problems are counted, and only so many are kept. */
export class ProblemList {
  readonly #entries = new Map<string, Entry>();
  #left = 0;

  /** Adds a problem. Problems of one code and column are one; the first says the message. */
  add(fault: { code: string; row?: number; column?: string; message: string }): void {
    const key = `${fault.code}\n${fault.column ?? ''}`;
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      entry.problem.count += 1;
      if (fault.row !== undefined && entry.rows.length < rowsNamedMax) entry.rows.push(fault.row);
      return;
    }
    if (this.#entries.size >= limits.datasetProblemsMax) {
      this.#left += 1;
      return;
    }
    const { code, row = null, column = null, message } = fault;
    this.#entries.set(key, {
      problem: { code, row, column, message, count: 1 },
      rows: row === null ? [] : [row],
    });
  }

  /** Adds a problem that was counted elsewhere. */
  addWhole(problem: DatasetProblem): void {
    const key = `${problem.code}\n${problem.column ?? ''}`;
    if (this.#entries.size < limits.datasetProblemsMax) this.#entries.set(key, { problem: { ...problem }, rows: [] });
    else this.#left += problem.count;
  }

  get empty(): boolean {
    return this.#entries.size === 0;
  }

  /** Problems met in all, also those that are not kept. */
  get total(): number {
    let total = this.#left;
    for (const { problem } of this.#entries.values()) total += problem.count;
    return total;
  }

  /** The problems, each message ending with the further rows that have it. */
  list(): DatasetProblem[] {
    return [...this.#entries.values()].map(({ problem, rows }) => ({
      ...problem,
      message: problem.message + furtherRows(problem.count, rows),
    }));
  }
}

function furtherRows(count: number, rows: readonly number[]): string {
  const further = rows.slice(1);
  if (further.length === 0) return '';
  const more = count - rows.length;
  const named = further.map((row) => row.toLocaleString('en')).join(', ');
  return ` The same in row${further.length > 1 ? 's' : ''} ${named}${more > 0 ? ` and ${more.toLocaleString('en')} more` : ''}.`;
}
