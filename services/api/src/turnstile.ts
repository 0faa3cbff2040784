import { AppError } from '@agon/contracts';

/** Lets so many pieces of work through at a time; others wait in a line that has an end. */
export class Turnstile {
  readonly #passingMax: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #passing = 0;

  constructor(options: { passingMax: number; waitingMax: number }) {
    this.#passingMax = options.passingMax;
    this.#waitingMax = options.waitingMax;
  }

  /**
   * Runs the work when its turn comes, unless `signal` is aborted before.
   *
   * @throws AppError `rate_limited` where the line is full; the signal's reason where it was aborted.
   */
  async pass<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#passing < this.#passingMax) this.#passing += 1;
    else await this.#wait(signal);
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#passing -= 1;
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length >= this.#waitingMax) {
      const message = 'Too many datasets are being checked at this moment; send the request again.';
      throw new AppError('rate_limited', message, { retryAfterSeconds: 5 });
    }
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        const place = this.#waiting.indexOf(turn);
        if (place >= 0) this.#waiting.splice(place, 1);
        reject(signal.reason);
      };
      this.#waiting.push(turn);
      signal.addEventListener('abort', leave, { once: true });
    });
  }
}
