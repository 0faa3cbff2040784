import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@agon/kit';
import type { Container } from 'dockerode';
import { writeOutput } from './container-output.ts';
import { answerMsMax, isUnreachable } from './docker-client.ts';

const againMs = 1_000;

export type OutputTarget = { readonly path: string; readonly bytesMax: number; readonly log: Log };

/** Keeps a container's output flowing into a file, also after the connection to the daemon broke. */
export class OutputFollower {
  readonly #container: Container;
  readonly #target: OutputTarget;
  readonly #closed = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #ending = false;
  #brokeOff = false;

  private constructor(container: Container, target: OutputTarget) {
    this.#container = container;
    this.#target = target;
  }

  /**
   * Listens before anything is printed, or, with `replay`, also to what the daemon kept of what was printed before.
   *
   * @throws what the daemon says
   */
  static async open(
    container: Container,
    target: OutputTarget,
    { replay }: { replay: boolean },
  ): Promise<OutputFollower> {
    const follower = new OutputFollower(container, target);
    const first = await follower.#listen(replay);
    follower.#loop = follower.#follow(first);
    return follower;
  }

  /** All that is left of a container that has ended. */
  static async ofEnded(container: Container, target: OutputTarget): Promise<OutputFollower> {
    const follower = new OutputFollower(container, target);
    const kept = await container.logs({ follow: false, stdout: true, stderr: true }).catch(() => Buffer.alloc(0));
    follower.#loop = follower.#write(Readable.from([kept]), true);
    return follower;
  }

  /** Whether the daemon went away while the container was followed. */
  get brokeOff(): boolean {
    return this.#brokeOff;
  }

  /** The daemon is back and the container lives. */
  mended(): void {
    this.#brokeOff = false;
  }

  /** Waits for what was printed before the end, no longer than this. */
  async drain(msMax: number): Promise<void> {
    this.#ending = true;
    await Promise.race([this.#loop, sleep(msMax, undefined)]);
    this.#closed.abort();
    await this.#loop;
  }

  async #listen(replay: boolean): Promise<Readable> {
    const options = { stream: true, stdout: true, stderr: true, logs: replay };
    return (await this.#container.attach(options)) as unknown as Readable;
  }

  async #follow(first: Readable): Promise<void> {
    await this.#write(first, true);
    await this.#askWhy();
    while (!this.#ending && !this.#closed.signal.aborted) {
      await sleep(againMs, undefined, { signal: this.#closed.signal }).catch(() => undefined);
      if (this.#ending) return;
      const again = await this.#listen(false).catch(() => undefined);
      if (again) await this.#write(again, false);
    }
  }

  /** A stream ends the same way when its container does and when the daemon dies. */
  async #askWhy(): Promise<void> {
    const look = await this.#container
      .inspect({ abortSignal: AbortSignal.timeout(answerMsMax) })
      .catch((error: unknown) => error);
    if (isUnreachable(look)) this.#brokeOff = true;
  }

  async #write(frames: Readable, fresh: boolean): Promise<void> {
    const { path, bytesMax, log } = this.#target;
    await writeOutput(frames, { path, bytesMax, fresh, signal: this.#closed.signal }).catch((error: unknown) => {
      if (!this.#closed.signal.aborted) log.warn({ err: error }, 'the output of a container broke off');
    });
  }
}
