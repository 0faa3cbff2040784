import type Docker from 'dockerode';
import { RunnerError } from '../runner.ts';

/** For answers that come at once from a healthy daemon. */
export const answerMsMax = 15_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** The daemon that DOCKER_HOST names, else the machine's own. The library is loaded only where a miner uses Docker. */
export async function connectDocker(environment: Environment): Promise<Docker> {
  const { default: Client } = await import('dockerode');
  const host = environment.DOCKER_HOST ?? '';
  // The library reads other forms of DOCKER_HOST, with their certificates, from the environment itself.
  return host.startsWith('unix://') ? new Client({ host: undefined, socketPath: host.slice(7) }) : new Client();
}

type Complaint = { readonly says: RegExp; readonly means: string };

/** What daemons say, and what the owner of the machine can do about it. */
const complaints: readonly Complaint[] = [
  {
    says: /ENOENT|ECONNREFUSED|ECONNRESET|EPIPE|socket hang up|aborted/,
    means: 'No Docker daemon answers. Start Docker, or set DOCKER_HOST to the daemon that shall be used.',
  },
  {
    says: /EACCES/,
    means: 'This user may not use Docker’s socket. Add the user to the group "docker", or run the miner as root.',
  },
  {
    says: /could not select device driver/,
    means:
      'Docker has no runtime for GPUs. Install the NVIDIA Container Toolkit, run `nvidia-ctk runtime configure --runtime=docker` and restart Docker, or offer no GPU with --gpus none.',
  },
  {
    says: /unknown runtime specified/i,
    means:
      'Docker does not know the runtime "nvidia". Run `nvidia-ctk runtime configure --runtime=docker` and restart Docker.',
  },
  {
    says: /nvidia-container-cli|nvml error|driver\/library version mismatch/i,
    means:
      'The GPU driver does not work inside containers. Check `nvidia-smi` here; after an update of the driver restart the machine.',
  },
  {
    says: /no such image|not found: manifest unknown|manifest unknown|repository does not exist|pull access denied/i,
    means:
      'The image is not on this machine and no registry gave it. Check its name, log in to its registry, or build it.',
  },
  {
    says: /no space left on device/i,
    means: 'The disk of Docker is full. Free some with `docker system prune`.',
  },
  {
    says: /client version \S+ is too (new|old)/i,
    means: 'This Docker daemon is too old or too new for the miner; 20.10 and later are fine.',
  },
];

/** The error as a message that says what to do, with the daemon's own words behind it. */
export function explain(error: unknown): RunnerError {
  if (error instanceof RunnerError) return error;
  const said = wordsOf(error);
  const known = complaints.find(({ says }) => says.test(said));
  return new RunnerError(known ? `${known.means} (Docker: ${said})` : `Docker refused: ${said}`, error);
}

/** Whether the daemon itself could not be reached: it may come back. */
export const isUnreachable = (error: unknown): boolean =>
  /ENOENT|ECONNREFUSED|ECONNRESET|EPIPE|socket hang up|aborted/.test(
    `${error instanceof Error ? error.message : ''} ${codeOf(error) ?? ''}`,
  );

/** The HTTP status of a daemon's refusal. */
export const statusOf = (error: unknown): number | undefined => numberOf(error, 'statusCode');

function wordsOf(error: unknown): string {
  const json = typeof error === 'object' && error !== null && 'json' in error ? error.json : undefined;
  const message = typeof json === 'object' && json !== null && 'message' in json ? json.message : undefined;
  const text = typeof message === 'string' ? message : error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, ' ').trim().slice(0, 500);
}

const codeOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;

function numberOf(error: unknown, name: 'statusCode'): number | undefined {
  if (typeof error !== 'object' || error === null || !(name in error)) return undefined;
  const value = error[name];
  return typeof value === 'number' ? value : undefined;
}
