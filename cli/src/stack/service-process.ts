import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export type ServiceName = 'api' | 'scheduler' | 'evaluator' | 'miner';
export type Ready = Readonly<Record<string, unknown>>;

const readyMsMax = 30_000;
const stopMsMax = 15_000;
const restartDelayMs = 500;
const quickDeathsMax = 5;

/** A service did not come up; the message quotes the end of its log. */
export class ServiceError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ServiceError';
  }
}

export type ServiceOptions = {
  readonly name: ServiceName;
  readonly env: Readonly<Record<string, string>>;
  readonly logPath: string;
  /** Also hears each line of the log. */
  readonly onLog?: ((line: string) => void) | undefined;
};

/** A service as a child process that is started again when it dies by itself. */
export class ServiceProcess {
  readonly #options: ServiceOptions;
  readonly #log: WriteStream;
  #child: ChildProcess | undefined;
  #stopping = false;
  #tail = '';
  #quickDeaths = 0;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#log = createWriteStream(options.logPath, { flags: 'a' });
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** @throws ServiceError where it does not become ready. */
  async start(): Promise<Ready> {
    const child = this.#spawn();
    const timeout = new AbortController();
    const late = sleep(readyMsMax, 'late' as const, { signal: timeout.signal }).catch(() => 'late' as const);
    const died = new Promise<'died'>((resolve) => child.once('exit', () => resolve('died')));
    const outcome = await Promise.race([firstLine(child), late, died]);
    timeout.abort();
    if (typeof outcome === 'object') return outcome;
    this.#stopping = true;
    child.kill('SIGKILL');
    throw new ServiceError(`The ${this.#options.name} service did not start (${outcome}).\n${this.#tail}`);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) {
      const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
      await exited;
      clearTimeout(timer);
    }
    await new Promise<void>((resolve) => this.#log.end(resolve));
  }

  #spawn(): ChildProcess {
    const { name, env } = this.#options;
    const main = createRequire(import.meta.url).resolve(`@agon/${name}/main`);
    const child = spawn(process.execPath, ['--enable-source-maps', main], {
      env: { ...env, AGON_PARENT: '1' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stderr.on('data', (chunk: Buffer) => this.#keep(chunk.toString()));
    child.once('exit', () => void this.#onExit());
    this.#child = child;
    return child;
  }

  #keep(text: string): void {
    this.#log.write(text);
    this.#tail = (this.#tail + text).slice(-4_000);
    for (const line of text.split('\n')) if (line !== '') this.#options.onLog?.(line);
  }

  async #onExit(): Promise<void> {
    if (this.#stopping) return;
    this.#quickDeaths += 1;
    this.#keep(`${JSON.stringify({ msg: 'the service died', service: this.#options.name })}\n`);
    if (this.#quickDeaths > quickDeathsMax) return;
    await sleep(restartDelayMs * this.#quickDeaths);
    if (this.#stopping) return;
    const child = this.#spawn();
    await firstLine(child);
    this.#quickDeaths = 0;
  }
}

/** The JSON line that a service prints when it serves. */
function firstLine(child: ChildProcess): Promise<Ready> {
  return new Promise((resolve) => {
    if (!child.stdout) return;
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      if (line.startsWith('{')) resolve(JSON.parse(line) as Ready);
    });
  });
}
