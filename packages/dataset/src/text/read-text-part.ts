import { ChatRow, PreferenceRow, type TaskName, TextClassRow, taskTable } from '@agon/contracts';
import { bytePieces } from '../byte-pieces.ts';
import { textPieces } from '../text-pieces.ts';

const rowOfTask = { chat: ChatRow, preference: PreferenceRow, 'text-classification': TextClassRow } as const;

export type TextTask = keyof typeof rowOfTask & TaskName;
/** Whether a task's datasets hold texts, as its row of the task table says. */
export const isTextTask = (task: TaskName): task is TextTask => taskTable[task].data === 'text';

export type TextRowOf<Task extends TextTask> = ReturnType<(typeof rowOfTask)[Task]['parse']>;

/**
 * Reads a part of a text task as `prepareDataset` wrote it, all of it into memory.
 *
 * @throws Error where it is not a part of this task.
 */
export async function readTextPart<Task extends TextTask>(
  jsonl: AsyncIterable<Uint8Array>,
  task: Task,
): Promise<TextRowOf<Task>[]> {
  const rows: TextRowOf<Task>[] = [];
  for await (const row of textPartRows(jsonl, task)) rows.push(row);
  return rows;
}

/** The same, row by row: training parts may be large. */
export async function* textPartRows<Task extends TextTask>(
  jsonl: AsyncIterable<Uint8Array>,
  task: Task,
): AsyncGenerator<TextRowOf<Task>> {
  let rest = '';
  for await (const piece of textPieces(bytePieces(jsonl))) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield rowIn(line, task);
  }
  if (rest !== '') throw new Error('The part is damaged: it ends within a row.');
}

function rowIn<Task extends TextTask>(line: string, task: Task): TextRowOf<Task> {
  try {
    return rowOfTask[task].parse(JSON.parse(line)) as TextRowOf<Task>;
  } catch (error) {
    throw new Error(`The part is not of ${task}, or is damaged.`, { cause: error });
  }
}
