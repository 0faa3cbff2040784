import type { ChatRow } from '@agon/contracts';

/** Short conversations of one or two answers. */
export const someChats: ChatRow[] = Array.from({ length: 12 }, (_, row) => ({
  messages: [
    { role: 'user', content: `How much is ${row}?` },
    { role: 'assistant', content: `It is ${'more and '.repeat(row % 5)}${row}.` },
    ...(row % 3 === 0
      ? ([
          { role: 'user', content: 'Really?' },
          { role: 'assistant', content: 'Yes.' },
        ] as const)
      : []),
  ],
}));

/** The code of what `work` fails with, or the name of an error without one. */
export async function codeOf(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error = await work.then(
    () => new Error('was accepted'),
    (reason: Error) => reason,
  );
  const { code } = error as { code?: string };
  return { code: code ?? error.name, message: error.message };
}
