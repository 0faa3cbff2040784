import { addCommand, type Register } from '../command.ts';
import { answer, clientOf } from '../context.ts';
import { renderLeaderboard, renderResult } from '../terminal/race-view.ts';
import { watchRace } from '../terminal/watch-race.ts';
import { addJobOptions, createJobOf, fileIdOf, type JobOptions } from './job-options.ts';

type Options = JobOptions & { watch?: boolean; idempotencyKey?: string };

/** `agon submit`: uploads a dataset, creates the job, and follows it where asked. */
export const registerSubmit: Register = (program, context) => {
  const command = addCommand(program, {
    usage: 'submit <file>',
    summary: 'post a dataset (CSV, JSON Lines or Parquet; or the id of an uploaded file) as a job',
    examples: [
      'submit houses.csv --target price --minutes 5 --watch',
      'submit churn.parquet -t churned -m roc_auc --seats 5 --ignore customer_id',
      'submit file-01abc… -t label --goal 0.95 -m accuracy --json',
      'submit talks.jsonl --task chat --base-model agon/tiny --max-tokens 512 --watch',
      'submit faq.csv --task chat --base-model auto --column prompt=question completion=answer',
    ],
  });
  addJobOptions(command)
    .option('-w, --watch', 'follow the race to its end')
    .option('--idempotency-key <key>', 'the same key never makes a second job')
    .action(async (file: string, options: Options) => {
      const client = await clientOf(context, options);
      const fileId = await fileIdOf(client, context, file);
      const { idempotencyKey } = options;
      const job = await client.jobs.create(
        createJobOf(context, fileId, options),
        idempotencyKey ? { idempotencyKey } : {},
      );
      if (!options.watch) {
        const text = (): string =>
          `${job.id}\n${job.task}${job.task_inferred ? ` (${job.task_inferred})` : ''}\nFollow it: agon watch ${job.id}`;
        answer(context, options, { json: job, text });
        return;
      }
      if (!options.json) context.out(`${job.id} ${job.task}${job.task_inferred ? ` – ${job.task_inferred}` : ''}`);
      const ended = await watchRace(client, job.id, context, { json: options.json });
      const board = await client.jobs.leaderboard(job.id);
      answer(context, options, { json: ended, text: () => `\n${renderLeaderboard(board)}\n\n${renderResult(ended)}` });
      if (ended.status !== 'succeeded') process.exitCode = 1;
    });
};
