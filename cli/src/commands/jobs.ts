import type { Job } from '@agon/contracts';
import { addCommand, type Register } from '../command.ts';
import { answer, type Context, clientOf, type SharedOptions } from '../context.ts';
import { renderLeaderboard, renderResult, statusText } from '../terminal/race-view.ts';
import { formatScore, renderTable } from '../terminal/table.ts';
import { watchRace } from '../terminal/watch-race.ts';

/** `agon jobs`, `watch`, `cancel`, `pause`, `resume`, `receipt`. */
export const registerJobs: Register = (program, context) => {
  addCommand(program, {
    usage: 'jobs [job]',
    summary: 'list jobs, or show one with its leaderboard',
    examples: ['jobs', 'jobs --limit 100 --json', 'jobs job_01abc…'],
  })
    .option('--limit <count>', 'how many', '20')
    .action((jobId: string | undefined, options: SharedOptions & { limit: string }) =>
      jobId === undefined ? listJobs(context, options) : showJob(context, jobId, options),
    );
  addCommand(program, {
    usage: 'watch <job>',
    summary: 'follow a race live; Ctrl-C stops watching, not the job',
    examples: ['watch job_01abc…', 'watch job_01abc… --json | jq .event.message'],
  }).action((jobId: string, options: SharedOptions) => watchJob(context, jobId, options));
  for (const action of ['cancel', 'pause', 'resume'] as const) {
    addCommand(program, {
      usage: `${action} <job>`,
      summary: { cancel: 'end a job; nothing is published', pause: 'offer no more seats', resume: 'offer seats again' }[
        action
      ],
      examples: [`${action} job_01abc…`],
    }).action(async (jobId: string, options: SharedOptions) => {
      const job = await (await clientOf(context, options)).jobs[action](jobId);
      answer(context, options, { json: job, text: () => `${job.id} ${statusText(job.status)}` });
    });
  }
};

async function listJobs(context: Context, options: SharedOptions & { limit: string }): Promise<void> {
  const page = await (await clientOf(context, options)).jobs.list({ limit: Number(options.limit) });
  const rows = page.data.map((job) => [
    job.id,
    statusText(job.status),
    job.task,
    job.target,
    job.objective.metric,
    scoreOf(job),
    timeOf(job),
  ]);
  const header = ['job', 'status', 'task', 'target', 'metric', 'score [95 %]', 'created'];
  answer(context, options, {
    json: page,
    text: () => (rows.length === 0 ? 'No jobs yet.' : renderTable(header, rows)),
  });
}

const scoreOf = (job: Job): string => (job.result ? formatScore(job.result.report) : '–');
const timeOf = (job: Job): string => new Date(job.created_at * 1000).toISOString().slice(0, 16).replace('T', ' ');

async function showJob(context: Context, jobId: string, options: SharedOptions): Promise<void> {
  const client = await clientOf(context, options);
  const [job, board] = await Promise.all([client.jobs.retrieve(jobId), client.jobs.leaderboard(jobId)]);
  const text = (): string =>
    [`${job.id} ${statusText(job.status)}`, renderLeaderboard(board), '', renderResult(job)].join('\n');
  answer(context, options, { json: { ...job, leaderboard: board.data }, text });
}

async function watchJob(context: Context, jobId: string, options: SharedOptions): Promise<void> {
  const client = await clientOf(context, options);
  const job = await watchRace(client, jobId, context, { json: options.json });
  const board = await client.jobs.leaderboard(jobId);
  if (!options.json) context.out(`\n${renderLeaderboard(board)}\n\n${renderResult(job)}`);
  if (job.status !== 'succeeded') process.exitCode = 1;
}
