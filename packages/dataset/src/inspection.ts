import type { DatasetProblem, DatasetReport, ErrorCode, MetricName, TableSchema, TaskName } from '@agon/contracts';
import type { TableLayout } from '@agon/domain';

/** What a client says about a dataset. */
export type DatasetWish = {
  /** Inferred where it is left out. */
  readonly task?: TaskName | undefined;
  readonly target?: string | undefined;
  readonly ignoreColumns?: readonly string[] | undefined;
  readonly metric?: MetricName | undefined;
};

/** A dataset that can be learnt, with all that was decided about it; plain JSON. */
export type Inspection = {
  readonly ok: true;
  readonly task: TaskName;
  /** Why the task was chosen, where the client left it out. */
  readonly taskInferred: string | null;
  /** As asked for, or the task's default. */
  readonly metric: MetricName;
  readonly report: DatasetReport;
  readonly table: TableSchema;
  /** How rows of the file become rows of the parts, and how many different ones each class has. */
  readonly plan: { readonly layout: TableLayout; readonly rowsByStratum: readonly number[] };
};

/** A dataset that is refused: a code of the error table, a sentence, and what is wrong where. */
export type InspectionRefusal = {
  readonly ok: false;
  readonly error: { readonly code: ErrorCode; readonly message: string };
  readonly problems: readonly DatasetProblem[];
};
