import type {
  DatasetProblem,
  DatasetReport,
  ErrorCode,
  MetricName,
  TableSchema,
  TaskName,
  TextColumns,
} from '@agon/contracts';
import type { TableLayout } from '@agon/domain';
import type { TextLayout } from './text/text-layout.ts';

/** What a client says about a dataset. */
export type DatasetWish = {
  /** Inferred where it is left out. */
  readonly task?: TaskName | undefined;
  /** For the tasks that have one. */
  readonly target?: string | undefined;
  /** For text tasks: columns that are not called as usual. */
  readonly columns?: TextColumns | undefined;
  readonly ignoreColumns?: readonly string[] | undefined;
  readonly metric?: MetricName | undefined;
};

type InspectionOf<Data extends string, Layout> = {
  readonly ok: true;
  readonly data: Data;
  readonly task: TaskName;
  /** Why the task was chosen, where the client left it out. */
  readonly taskInferred: string | null;
  /** As asked for, or the task's default. */
  readonly metric: MetricName;
  readonly report: DatasetReport;
  /** How rows of the file become rows of the parts, and how many different ones each class has. */
  readonly plan: { readonly layout: Layout; readonly rowsByStratum: readonly number[] };
};

export type TableInspection = InspectionOf<'table', TableLayout> & { readonly table: TableSchema };

/** `table` is that of text-classification; the other text tasks have none. */
export type TextInspection = InspectionOf<'text', TextLayout> & { readonly table: TableSchema | null };

/** A dataset that can be learnt, with all that was decided about it; plain JSON. */
export type Inspection = TableInspection | TextInspection;

/** A dataset that is refused: a code of the error table, a sentence, and what is wrong where. */
export type InspectionRefusal = {
  readonly ok: false;
  readonly error: { readonly code: ErrorCode; readonly message: string };
  readonly problems: readonly DatasetProblem[];
};
