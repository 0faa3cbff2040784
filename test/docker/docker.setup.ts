import { fileURLToPath } from 'node:url';
import { dockerAnswers, obstacle, startDaemon } from './private-daemon.ts';

const folder = fileURLToPath(new URL('../../.agon/docker', import.meta.url));

/**
 * Before the tests of containers: the daemon that is there, else a private one, whose images stay under `.agon/docker`.
 * Where neither can be had the tests are skipped, and it is said so that nobody takes that for a pass.
 */
export async function setup(): Promise<() => Promise<void>> {
  if (dockerAnswers()) return told(process.env.DOCKER_HOST ?? '', async () => undefined);
  const reason = obstacle();
  if (reason !== undefined) return skipped(reason);
  try {
    const daemon = await startDaemon(folder);
    process.env.DOCKER_HOST = daemon.host;
    return told(daemon.host, daemon.stop);
  } catch (error) {
    return skipped(error instanceof Error ? error.message : String(error));
  }
}

/** Test processes start later and inherit the environment. */
function told(host: string, stop: () => Promise<void>): () => Promise<void> {
  process.env.AGON_TEST_DOCKER = host || 'default';
  return stop;
}

function skipped(reason: string): () => Promise<void> {
  delete process.env.AGON_TEST_DOCKER;
  process.stderr.write(
    `\n${'!'.repeat(80)}\nNO DOCKER: the tests of containers are SKIPPED, nothing of them was checked.\n${reason}\n${'!'.repeat(80)}\n\n`,
  );
  return async () => undefined;
}
