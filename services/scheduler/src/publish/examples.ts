import type { ChatMessage, Predict } from '@agon/contracts';
import { isTextTask, readPart, type TextTask, textPartRows } from '@agon/dataset';
import type { ArtifactStore } from '@agon/store';
import { firstRecords } from './first-records.ts';
import { hasTable, type JudgedJob, type TableJob } from './judged-job.ts';

const exampleRows = 2;
const examplePrompts = 3;
const exampleBytesMax = 4 * 1024 * 1024;
const textCharactersMax = 200;
const promptCharactersMax = 4_000;

/** Conversations that wait for an answer. */
export type ExamplePrompts = { readonly prompts: ChatMessage[][] };

/**
 * What a user may try first, of the first rows of the train part, which miners knew already: a body for
 * POST /v1/models/{id}/predict where the model reads columns or a text, else prompts.
 */
export async function exampleOf(
  artifacts: Pick<ArtifactStore, 'read'>,
  job: JudgedJob,
): Promise<Predict | ExamplePrompts> {
  const train = artifacts.read(job.parts.train.sha256);
  if (isTextTask(job.task)) return textExample(train, job.task);
  if (hasTable(job)) return tableExample(train, job);
  throw new Error(`The job ${job.id} has no table.`);
}

async function textExample(train: AsyncIterable<Uint8Array>, task: TextTask): Promise<Predict | ExamplePrompts> {
  if (task === 'text-classification') {
    const rows = await first(exampleRows, textPartRows(train, task));
    return { rows: rows.map(({ text }) => ({ text: text.slice(0, textCharactersMax) })) };
  }
  const prompts =
    task === 'chat'
      ? (await first(examplePrompts, textPartRows(train, task))).map(({ messages }) =>
          messages.slice(0, -1).map(withoutWeight),
        )
      : (await first(examplePrompts, textPartRows(train, task))).map(({ prompt }) => prompt);
  return { prompts: prompts.filter((messages) => charactersOf(messages) <= promptCharactersMax) };
}

/** The first rows, without reading the rest. */
async function first<T>(count: number, rows: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const row of rows) {
    found.push(row);
    if (found.length === count) break;
  }
  return found;
}

const charactersOf = (messages: readonly ChatMessage[]): number =>
  messages.reduce((sum, { content }) => sum + content.length, 0);

async function tableExample(train: AsyncIterable<Uint8Array>, job: TableJob): Promise<Predict> {
  const csv = firstRecords(train, { count: exampleRows + 1, bytesMax: exampleBytesMax });
  const part = await readPart(csv, job.table);
  const rows: Predict['rows'] = Array.from({ length: part.rows }, () => ({}));
  job.table.columns.forEach(({ name }, index) => {
    const values = part.columns[index] ?? [];
    rows.forEach((row, at) => {
      row[name] = exampleValue(values[at]);
    });
  });
  return { rows };
}

function exampleValue(value: number | string | undefined): number | string | null {
  if (typeof value === 'string') return value === '' ? null : value.slice(0, textCharactersMax);
  return value === undefined || Number.isNaN(value) ? null : value;
}

const withoutWeight = ({ role, content }: ChatMessage): ChatMessage => ({ role, content });
