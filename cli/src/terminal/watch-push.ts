import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@agon/client';
import type { Push } from '@agon/contracts';
import colours from 'picocolors';
import type { Context } from '../context.ts';
import { LiveLines, renderBar } from './bar.ts';

const lookMs = 1_000;
const barCharacters = 24;

/** Follows a push until it is done or has failed; a hub that is away keeps it waiting. Ctrl-C ends only the watching. */
export async function watchPush(
  client: Client,
  { modelId, push, context }: { modelId: string; push: Push; context: Context },
): Promise<Push> {
  const lines = new LiveLines((text) => process.stderr.write(text));
  let current = push;
  try {
    while (!hasEnded(current) && !context.interrupted.aborted) {
      if (context.isTerminal) lines.draw([progressLine(current)]);
      await sleep(lookMs, undefined, { signal: context.interrupted }).catch(() => undefined);
      const model = await client.models.retrieve(modelId);
      current = model.pushes.find(({ id }) => id === push.id) ?? current;
    }
  } finally {
    lines.clear();
  }
  return current;
}

const hasEnded = ({ status }: Push): boolean => status === 'done' || status === 'failed';

function progressLine(push: Push): string {
  const bar = renderBar(push.progress, barCharacters);
  const why = push.message === null ? '' : ` ${colours.yellow(push.message)}`;
  return `${bar} ${push.repo} ${Math.floor(100 * push.progress)} %${why}`;
}

/** One line on how a push stands. */
export function renderPush(push: Push): string {
  if (push.status === 'done') return `${colours.green('✓')} ${push.url ?? push.repo}`;
  if (push.status === 'failed') return `${colours.red('✗')} ${push.repo}: ${push.message ?? 'failed'}`;
  const why = push.message === null ? '' : `: ${push.message}`;
  return `… ${push.repo} is ${push.status}${why} It goes on by itself; \`agon models\` shows it.`;
}
