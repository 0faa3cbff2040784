import { writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

/** Before anything else of a child: it ends with its parent, and where memory runs out the kernel takes it first. */
export function becomeChild(): void {
  offerToKernel();
  dieWithParent();
}

/**
 * Answers a parent's messages one by one, in the order they came.
 *
 * @param runtime version of the runtime that is loaded by now: what goes wrong from here on is the model's doing.
 */
export function serveParent<Message>(runtime: string, answer: (message: Message) => Promise<object>): void {
  let queue: Promise<void> = Promise.resolve();
  process.on('message', (message: Message) => {
    queue = queue.then(async () => {
      process.send?.(await answer(message));
    });
  });
  process.send?.({ kind: 'ready', runtime });
}

/** A run blocks this thread, so another one looks whether the parent still lives. */
function dieWithParent(): void {
  process.on('disconnect', () => process.exit(0));
  const watch = `const parent = ${process.ppid};
    setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, 1000);`;
  new Worker(watch, { eval: true, stdout: false, resourceLimits: { maxOldGenerationSizeMb: 8 } }).unref();
}

function offerToKernel(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Not Linux, or not allowed: the parent's watch on memory remains.
  }
}
