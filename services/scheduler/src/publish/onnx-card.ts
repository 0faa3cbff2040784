import type { CardInput, CardKind } from './card-kind.ts';
import { hasTable, type TableJob } from './judged-job.ts';
import { licenceFields } from './licence.ts';
import { code, table } from './markdown-table.ts';
import { onnxUsage } from './onnx-usage.ts';

const columnsShownMax = 200;
const classesShownMax = 50;

/** The card of a model that reads columns: an ONNX graph. */
export const onnxCard: CardKind = {
  dataKind: 'tabular',
  metadata: ({ job }) => ({
    ...licenceFields(null),
    library_name: 'onnx',
    pipeline_tag: job.task,
    tags: ['agon', 'automl', 'onnx', job.task === 'text-classification' ? 'text' : 'tabular', job.task],
  }),
  what(input) {
    const { target, classes } = tableJob(input).table;
    if (classes === null) return `This model predicts the number in ${code(target)}.`;
    return `This model predicts the class in ${code(target)} (${classes.length} classes).`;
  },
  data(input) {
    const { columns, classes } = tableJob(input).table;
    const shown = columns.slice(0, columnsShownMax);
    const rest = columns.length - shown.length;
    const rows = shown.map((column) => [column.name, column.input, column.kind]);
    return [
      `The model reads ${columns.length} column${columns.length === 1 ? '' : 's'}; \`schema.json\` has them for programs.`,
      table(['column', 'ONNX input', 'kind'], rows),
      ...(rest > 0 ? [`And ${rest} more.`] : []),
      ...(classes === null ? [] : [classesOf(classes, 'probabilities')]),
    ];
  },
  usage: (input) => onnxUsage(input, tableJob(input)),
};

/** The classes in their order. */
export function classesOf(classes: readonly string[], output: string): string {
  const shown = classes.slice(0, classesShownMax).map((name) => code(name));
  const more = classes.length > classesShownMax ? ` and ${classes.length - classesShownMax} more` : '';
  return `Classes, in the order of \`${output}\`: ${shown.join(', ')}${more}.`;
}

function tableJob({ job }: CardInput): TableJob {
  if (hasTable(job)) return job;
  throw new Error(`The job ${job.id} has an ONNX model but no table.`);
}
