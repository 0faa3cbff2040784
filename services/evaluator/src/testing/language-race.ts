import type { ChatRow, MetricName, PreferenceRow, TextClassRow } from '@agon/contracts';
import type { Files } from '@agon/language/testing';
import type { JobRecord } from '@agon/store';
import { aBaseModel, aJob, aJobSpec } from '@agon/testing';
import type { Race } from './race.ts';

const numbers = ['one', 'two', 'three', 'four', 'five'];
const wordOf = (row: number): string => numbers[row % numbers.length] ?? '';

export const chatRow = (row: number): ChatRow => ({
  messages: [
    { role: 'user', content: `Count to ${row}.` },
    { role: 'assistant', content: `${wordOf(row)} `.repeat((row % 4) + 1) },
  ],
});

export const preferenceRow = (row: number): PreferenceRow => ({
  prompt: [{ role: 'user', content: `Which is ${row}?` }],
  chosen: wordOf(row),
  rejected: `not ${wordOf(row + 1)}`,
});

/** Texts of one letter, `a` or `b`, that are of the class of the same name. */
export const classRow = (row: number): TextClassRow => ({ text: 'ab'[row % 2] ?? '', label: 'ab'[row % 2] ?? '' });

const tasks = {
  chat: { metric: 'loss', direction: 'minimize', rowOf: chatRow },
  preference: { metric: 'preference_accuracy', direction: 'maximize', rowOf: preferenceRow },
  'text-classification': { metric: 'log_loss', direction: 'minimize', rowOf: classRow },
} as const;

export const bytesOf = (content: Uint8Array | string): Uint8Array =>
  typeof content === 'string' ? new TextEncoder().encode(content) : content;

/** Files as a miner uploads them. */
export const uploadsOf = (files: Files) =>
  Object.entries(files).map(([path, content]) => ({ path, content: bytesOf(content) }));

/** Keeps a base model; answers its id. */
export async function insertBaseModel(race: Race, files: Files): Promise<string> {
  const id = `agon/tiny@${race.jobId}`;
  const stored = Object.entries(files).map(async ([path, content]) => ({ path, ...(await race.store(content)) }));
  await race.stores.baseModels.insert(aBaseModel({ id, revision: race.jobId, files: await Promise.all(stored) }));
  return id;
}

/** A job of a text task that was split and waits for its baseline. */
export async function insertTextJob(
  race: Race,
  input: {
    task: keyof typeof tasks;
    base: Files | null;
    rows?: number;
    metric?: MetricName;
    rowOf?: (row: number) => object;
    set?: Partial<JobRecord>;
  },
): Promise<void> {
  const { task, base, rows = 20 } = input;
  const { metric, direction, rowOf } = tasks[task];
  const part = async (first: number) => {
    const lines = Array.from({ length: rows }, (_, row) => `${JSON.stringify((input.rowOf ?? rowOf)(first + row))}\n`);
    return { ...(await race.store(lines.join(''))), rows };
  };
  const baseModelId = base && (await insertBaseModel(race, base));
  const job = aJob({
    id: race.jobId,
    spec: aJobSpec({ budget: { minutes: 10, seats: 2, wait_minutes: 60 } }),
    task,
    objective: { metric: input.metric ?? metric, direction, goal: null },
    baseModel: baseModelId ? { id: baseModelId, name: 'agon/tiny', revision: race.jobId, why: null } : null,
    text: { max_tokens: 200, lora_rank_max: 8 },
    table:
      task === 'text-classification'
        ? { target: 'label', classes: ['a', 'b'], columns: [{ name: 'text', input: 'text', kind: 'text' }] }
        : null,
    parts: { train: await part(0), selection: await part(100), report: await part(200) },
    ...input.set,
  });
  await race.stores.jobs.insert(job, { type: 'job.created', message: 'Created.', key: 'job.created' });
}
