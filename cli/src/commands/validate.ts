import type { DatasetProblem, JobEstimate } from '@agon/contracts';
import { addCommand, type Register } from '../command.ts';
import { answer, clientOf } from '../context.ts';
import { renderTable } from '../terminal/table.ts';
import { addJobOptions, createJobOf, fileIdOf, type JobOptions } from './job-options.ts';

/** `agon validate`: everything that submit checks, without a job. */
export const registerValidate: Register = (program, context) => {
  const command = addCommand(program, {
    usage: 'validate <file>',
    summary: 'check a dataset and what would be made of it, without creating a job',
    examples: [
      'validate houses.csv --target price',
      'validate churn.csv -t churned --json',
      'validate talks.jsonl --task chat --base-model agon/tiny',
    ],
  });
  addJobOptions(command).action(async (file: string, options: JobOptions) => {
    const client = await clientOf(context, options);
    const fileId = await fileIdOf(client, context, file);
    const estimate = await client.jobs.validate(createJobOf(context, fileId, options));
    if (fileId !== file) await client.files.delete(fileId);
    answer(context, options, { json: estimate, text: () => renderEstimate(estimate) });
    if (!estimate.valid) process.exitCode = 1;
  });
};

function renderEstimate(estimate: JobEstimate): string {
  const { dataset } = estimate;
  const lines = estimate.valid
    ? ['✓ the dataset can be used']
    : [`✗ ${estimate.error?.code}: ${estimate.error?.message}`];
  lines.push(...renderProblems(estimate.problems as DatasetProblem[], estimate.error?.message));
  if (estimate.task)
    lines.push(`task      ${estimate.task}${estimate.task_inferred ? ` – ${estimate.task_inferred}` : ''}`);
  if (estimate.base_model) {
    const { name, revision, why } = estimate.base_model;
    lines.push(`base      ${name}@${revision}${why ? ` – ${why}` : ''}`);
  }
  if (estimate.objective) lines.push(`metric    ${estimate.objective.metric} (${estimate.objective.direction})`);
  if (dataset) {
    const { parts } = dataset;
    lines.push(
      `rows      ${dataset.rows}: ${parts.train} to train on, ${parts.selection} to choose by, ${parts.report} to report on`,
    );
    lines.push('', renderTable(['column', 'kind', 'role', 'missing', 'distinct'], columnRows(dataset)));
    for (const note of dataset.notes) lines.push(`note: ${note.message}`);
  }
  if (estimate.estimate) lines.push('', ...renderNeeds(estimate.estimate));
  return lines.join('\n');
}

/** What a run needs, and a word of warning where the budget is less than one pass over the rows. */
export function renderNeeds(needs: NonNullable<JobEstimate['estimate']>): string[] {
  const { memory_mib: mib, epoch_minutes: minutes, race_minutes_max: budget, miners_that_fit: miners } = needs;
  const pass = minutes === null ? '' : `; one pass over the training rows takes about ${minutes} min on two CPU cores`;
  const short = minutes !== null && minutes > budget;
  return [
    `A run needs about ${mib} MiB of memory${pass}.`,
    ...(short ? [`note: the ${budget} minutes of the budget are less than that; without GPUs give more.`] : []),
    `${miners} ${miners === 1 ? 'miner' : 'miners'} online ${miners === 1 ? 'fits' : 'fit'} this job.`,
  ];
}

const columnRows = ({ columns }: NonNullable<JobEstimate['dataset']>) =>
  columns.map((column) => [
    column.name,
    column.kind,
    column.role,
    column.missing,
    `${column.distinct}${column.distinct_capped ? '+' : ''}`,
  ]);

/** A line each, without the one that the error before them has said already. */
export function renderProblems(problems: readonly DatasetProblem[], said: string | undefined): string[] {
  const news = problems.filter(({ message, row }) => row !== null || message !== said);
  return news.map((problem) => `  ${renderProblem(problem)}`);
}

/** `row 12, age: "abc" is not a number (and 3 more)`. */
function renderProblem(problem: DatasetProblem): string {
  const place = [problem.row === null ? '' : `row ${problem.row}`, problem.column ?? ''].filter(Boolean).join(', ');
  return `${place === '' ? '' : `${place}: `}${problem.message}${problem.count > 1 ? ` (${problem.count} times)` : ''}`;
}
