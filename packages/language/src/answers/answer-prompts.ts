import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ChatMessage } from '@agon/contracts';
import { LimitedProcess } from '@agon/onnx';
import { linkFiles } from '../scorer/link-files.ts';
import type { Answerer, FromAnswerer, ToAnswerer } from './answer-protocol.ts';

/** The built script, also when this file runs from `src` (tests). */
const builtScript = fileURLToPath(new URL('../../dist/answers/answer-child.js', import.meta.url));

/**
 * Lets a base model, or a winner made from it, answer conversations greedily, in a process of its own. For people who
 * want to see what a race has changed; scores come from the evaluator.
 *
 * @param input.workFolder is made, and removed afterwards; graphs are written into it, above links to the weights.
 * @throws Error where the model cannot be loaded or passes a limit.
 */
export async function answerPrompts(
  input: {
    baseFolder: string;
    answerer: Answerer;
    workFolder: string;
    conversations: readonly (readonly ChatMessage[])[];
    newTokensMax: number;
  },
  limits: { memoryMib: number; timeMs: number; threads: number },
): Promise<readonly string[]> {
  const { answerer, workFolder, conversations, newTokensMax } = input;
  const baseFolder = await linkedFolder(input.baseFolder, join(workFolder, 'base'));
  const winner = answerer.kind === 'base' ? undefined : await linkedFolder(answerer.folder, join(workFolder, 'winner'));
  const asked: Omit<ToAnswerer, 'kind' | 'id'> = {
    baseFolder,
    answerer: answerer.kind === 'base' ? answerer : { kind: answerer.kind, folder: winner ?? answerer.folder },
    graphFolder: workFolder,
    threads: limits.threads,
    conversations,
    newTokensMax,
  };
  const { memoryMib, timeMs } = limits;
  const child = await LimitedProcess.start<ToAnswerer, FromAnswerer>({ memoryMib, script: builtScript });
  try {
    return (await child.ask({ kind: 'answer', ...asked }, timeMs)).texts;
  } finally {
    await child.kill();
    await rm(workFolder, { recursive: true, force: true });
  }
}

async function linkedFolder(from: string, to: string): Promise<string> {
  const entries = await readdir(from, { withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ name }) => ({ path: name, localPath: join(from, name) }));
  return linkFiles(to, files);
}
