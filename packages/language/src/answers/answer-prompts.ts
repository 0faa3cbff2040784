import { fileURLToPath } from 'node:url';
import { LimitedProcess } from '@agon/onnx';
import type { FromAnswerer, ToAnswerer } from './answer-protocol.ts';

/** The built script, also when this file runs from `src` (tests). */
const builtScript = fileURLToPath(new URL('../../dist/answers/answer-child.js', import.meta.url));

/**
 * Lets a base model, or a winner made from it, answer conversations greedily, in a process of its own. For people who
 * want to see what a race has changed; scores come from the evaluator.
 *
 * @throws Error where the model cannot be loaded or passes a limit.
 */
export async function answerPrompts(
  input: Omit<ToAnswerer, 'kind' | 'id'>,
  limits: { memoryMib: number; timeMs: number },
): Promise<readonly string[]> {
  const child = await LimitedProcess.start<ToAnswerer, FromAnswerer>({
    memoryMib: limits.memoryMib,
    script: builtScript,
  });
  try {
    return (await child.ask({ kind: 'answer', ...input }, limits.timeMs)).texts;
  } finally {
    await child.kill();
  }
}
