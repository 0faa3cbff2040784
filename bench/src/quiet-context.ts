import { fileURLToPath } from 'node:url';
import type { sendModelFolder } from '@agon/cli/send-model-folder';

/** A command's surroundings without a terminal. */
export const quietContext = (): Parameters<typeof sendModelFolder>[1] => ({
  env: {},
  cwd: fileURLToPath(new URL('../../', import.meta.url)),
  out: () => undefined,
  write: () => undefined,
  err: () => undefined,
  isTerminal: false,
  interrupted: new AbortController().signal,
});
