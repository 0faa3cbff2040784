import { fileURLToPath } from 'node:url';
import { LimitedProcess } from '@agon/onnx';
import type { FromScorer, ToScorer } from '../child/protocol.ts';
import type { ExecutionProvider } from '../execution-provider.ts';

/** The built script, also when this file runs from `src` (tests). */
const builtScript = fileURLToPath(new URL('../../dist/child/child.js', import.meta.url));
const memoryMib = 8_192;
/** The first context on a GPU may take long. */
const probeMs = 120_000;

/**
 * Tries a provider in a process like those that score, so that a missing library or device is found at the start and not
 * blamed on a submission.
 *
 * @throws Error that says what the runtime says.
 */
export async function checkProvider(provider: ExecutionProvider): Promise<void> {
  if (provider === 'cpu') return;
  const process = await LimitedProcess.start<ToScorer, FromScorer>({ memoryMib, script: builtScript });
  try {
    await process.ask({ kind: 'probe', provider }, probeMs);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`EXECUTION_PROVIDER=${provider} cannot be used here: ${why}`, { cause: error });
  } finally {
    await process.kill();
  }
}
