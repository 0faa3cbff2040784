/**
 * A real S3 server for tests and benchmarks: PyPI's moto, from templates/requirements-dev.lock. Called by the artifact store's
 * own tests, end-to-end tests and the bench.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const inRepository = fileURLToPath(new URL('../../../../.agon/python/bin/python', import.meta.url));
const program = fileURLToPath(new URL('../../python/s3_server.py', import.meta.url));

/** The server takes any key; these are what its clients are given. */
export const s3Credentials = { accessKeyId: 'test', secretAccessKey: 'test-secret' } as const;

/** What a service is given to use the server. */
export const s3Environment = {
  AWS_ACCESS_KEY_ID: s3Credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: s3Credentials.secretAccessKey,
} as const;

export type S3TestServer = {
  readonly endpoint: string;
  /** Makes a bucket; answers an address for ARTIFACTS_URL, through another endpoint where one is given. */
  newBucket(name: string, endpoint?: string): Promise<string>;
  stop(): Promise<void>;
};

/** @throws Error where Python has no moto. */
export async function startS3(
  python = process.env.AGON_PYTHON ?? (existsSync(inRepository) ? inRepository : 'python3'),
): Promise<S3TestServer> {
  const child = spawn(python, [program], { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  let said = '';
  child.stderr.on('data', (chunk) => {
    said = (said + chunk).slice(-4_000);
  });
  const first = once(createInterface(child.stdout), 'line').then(([line]) => String(line));
  const line = await Promise.race([first, ended.then(() => undefined)]);
  if (line === undefined) throw new Error(`The S3 server of the tests did not start (AGON_PYTHON=${python}): ${said}`);
  const endpoint = `http://127.0.0.1:${JSON.parse(line).port}`;
  return {
    endpoint,
    newBucket: async (name, through = endpoint) => {
      const response = await fetch(`${endpoint}/${name}`, { method: 'PUT' });
      if (!response.ok) throw new Error(`The bucket ${name} was not made: ${response.status}`);
      return `s3://${name}/some/prefix?region=us-east-1&endpoint=${encodeURIComponent(through)}`;
    },
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
