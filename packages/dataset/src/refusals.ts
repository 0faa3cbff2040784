import { type AppError, limits } from '@agon/contracts';
import type { DatasetRefusal, TableDecision } from '@agon/domain';
import type { InspectionRefusal } from './inspection.ts';
import type { ProblemList } from './problem-list.ts';
import { counted, pluralOf, quoted } from './say.ts';

/** The refusal that an expected error of the reading stands for. */
export const refuseError = (error: AppError): InspectionRefusal => ({
  ok: false,
  error: { code: error.code, message: error.message },
  problems: [],
});

/** A refusal of the rules, with what the columns' names say about the way the file was written. */
export function refuseDecision(
  refusal: DatasetRefusal,
  reading: { format: string; names: readonly string[] | null },
): InspectionRefusal {
  const hint = reading.format === 'csv' ? headerHint(reading.names ?? []) : '';
  return {
    ok: false,
    error: { code: refusal.error.code, message: refusal.error.message + hint },
    problems: refusal.problems,
  };
}

/** A refusal for what was wrong with rows, and with cells as far as the rules saw them. */
export function refuseProblems(
  problems: ProblemList,
  decision: TableDecision | DatasetRefusal | null,
): InspectionRefusal {
  const more = decision !== null && !decision.ok && decision.error.code === 'dataset_invalid' ? decision.problems : [];
  const list = [...problems.list(), ...more];
  const total = problems.total + more.reduce((sum, { count }) => sum + count, 0);
  const first = list[0]?.message ?? '';
  const others = total > 1 ? ` In all ${counted(total)} ${pluralOf(total, 'problem')}.` : '';
  return {
    ok: false,
    error: { code: 'dataset_invalid', message: first + others },
    problems: list.slice(0, limits.datasetProblemsMax),
  };
}

/** What a strange header tells: a delimiter that is not read, or a file without a header. */
function headerHint(names: readonly string[]): string {
  const [only] = names;
  if (names.length === 1 && only !== undefined) {
    const delimiter = /[:^~]|\s/.exec(only)?.[0];
    const guess = delimiter === undefined ? '' : ` If ${JSON.stringify(delimiter)} divides its cells, write commas.`;
    return ` The file has a single column, ${quoted(only)}.${guess}`;
  }
  const numbers = names.filter((name) => /^[-+]?\d/.test(name)).length;
  if (numbers * 2 <= names.length) return '';
  return ' The first row looks like data; put a header with the names of the columns before it.';
}
