/**
 * A program that runs once before the services of a new installation: makes the bucket of the artifact store. It is safe to
 * run again, and is a program of its own because the services need no right to make buckets.
 */
import { createLogger, readConfig } from '@agon/kit';
import { artifactSettings, prepareArtifacts } from '@agon/store';
import { z } from 'zod';

const log = createLogger({ name: 'prepare-storage', level: 'info' });
try {
  const bucket = await prepareArtifacts(readConfig(z.object(artifactSettings), process.env));
  process.stdout.write(`${JSON.stringify({ bucket })}\n`);
} catch (error) {
  log.error({ err: error }, 'the artifact store could not be prepared');
  process.exitCode = 1;
}
