import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { Clock, Log } from '@agon/kit';
import type Docker from 'dockerode';
import type { ImageInspectInfo } from 'dockerode';
import { RunnerError } from '../runner.ts';
import { explain, statusOf } from './docker-client.ts';
import type { ImageRecords } from './image-records.ts';
import { parseImageReference } from './image-reference.ts';

/** An image that is on this machine. */
export type LocalImage = {
  readonly id: string;
  /** `name@sha256:…`, or the id of an image that no registry has. */
  readonly digest: string;
  /** What it declares as volumes. */
  readonly volumes: readonly string[];
};

export type ImagesOptions = {
  readonly docker: Docker;
  readonly records: ImageRecords;
  readonly clock: Clock;
  readonly log: Log;
  /** Hears how a download goes on; for a terminal. */
  readonly onProgress: (text: string) => void;
};

type PullEvent = {
  readonly id?: string;
  readonly status?: string;
  readonly stream?: string;
  readonly error?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
};

/** Images by what owners and templates call them: found here, else loaded or pulled; always pinned to a digest. */
export class Images {
  readonly #options: ImagesOptions;
  readonly #getting = new Map<string, Promise<LocalImage>>();

  constructor(options: ImagesOptions) {
    this.#options = options;
  }

  /** One download at a time of each. @throws RunnerError */
  async get(reference: string): Promise<LocalImage> {
    const getting = this.#getting.get(reference) ?? this.#get(reference);
    this.#getting.set(reference, getting);
    try {
      return await getting;
    } finally {
      this.#getting.delete(reference);
    }
  }

  async #get(reference: string): Promise<LocalImage> {
    try {
      const parsed = parseImageReference(reference);
      const found = parsed.kind === 'archive' ? await this.#load(parsed.path) : await this.#findOrPull(parsed.name);
      await this.#options.records.used(found.id);
      return found;
    } catch (error) {
      throw explain(error);
    }
  }

  async #findOrPull(name: string): Promise<LocalImage> {
    const here = await this.#inspect(name);
    if (here) return here;
    if (name.startsWith('sha256:')) throw new RunnerError(`There is no image ${name} on this machine.`);
    this.#options.onProgress(`pulling ${name}`);
    await this.#finish((await this.#options.docker.pull(name)) as unknown as Readable, name);
    const pulled = await this.#inspect(name);
    if (!pulled) throw new RunnerError(`${name} was pulled but is not here.`);
    await this.#options.records.added(pulled.id, name);
    this.#options.log.info({ image: pulled.digest }, 'pulled');
    return pulled;
  }

  /** An archive is loaded each time that it is named: what it holds may have changed. A known layer costs nothing. */
  async #load(path: string): Promise<LocalImage> {
    await access(path).catch(() => {
      throw new RunnerError(`There is no archive ${path}.`);
    });
    this.#options.onProgress(`loading ${path}`);
    const stream = await this.#options.docker.loadImage(createReadStream(path), { quiet: true });
    const said = await this.#finish(stream as unknown as Readable, path);
    const name = /Loaded image(?: ID)?: (\S+)/.exec(said)?.[1];
    const loaded = name === undefined ? undefined : await this.#inspect(name);
    if (!loaded) throw new RunnerError(`${path} is no archive of an image; \`docker save\` writes one.`);
    await this.#options.records.added(loaded.id, path);
    return loaded;
  }

  async #inspect(name: string): Promise<LocalImage | undefined> {
    try {
      return localImage(await this.#options.docker.getImage(name).inspect(), name);
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  /** Follows a stream of events to its end. @returns the words of the daemon; a failure comes as an event, too. */
  #finish(stream: Readable, what: string): Promise<string> {
    const progress = new PullProgress();
    return new Promise((resolve, reject) => {
      this.#options.docker.modem.followProgress(
        stream,
        (error: Error | null, events: PullEvent[] | null) => {
          const failed = events?.find((event) => event.error !== undefined);
          if (error || failed) reject(error ?? new Error(failed?.error));
          else resolve((events ?? []).map((event) => event.stream ?? event.status ?? '').join('\n'));
        },
        (event: PullEvent) => {
          const text = progress.take(event, this.#options.clock.nowMs());
          if (text !== undefined) this.#options.onProgress(`${what}: ${text}`);
        },
      );
    });
  }
}

function localImage(info: ImageInspectInfo, name: string): LocalImage {
  const repository = name.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  const digests = info.RepoDigests ?? [];
  const digest = digests.find((each) => each.startsWith(`${repository}@`)) ?? digests[0] ?? info.Id;
  return { id: info.Id, digest, volumes: Object.keys(info.Config?.Volumes ?? {}) };
}

const sayEveryMs = 2_000;
const layersMax = 500;

/** Adds up the layers of a download. */
class PullProgress {
  readonly #layers = new Map<string, { current: number; total: number }>();
  #saidMs = Number.NEGATIVE_INFINITY;

  /** @returns a line now and then. */
  take({ id, status, progressDetail }: PullEvent, nowMs: number): string | undefined {
    const { current, total } = progressDetail ?? {};
    if (id === undefined || status !== 'Downloading' || current === undefined || total === undefined) return undefined;
    if (this.#layers.size < layersMax) this.#layers.set(id, { current, total });
    if (nowMs < this.#saidMs + sayEveryMs) return undefined;
    this.#saidMs = nowMs;
    const layers = [...this.#layers.values()];
    const mb = (name: 'current' | 'total'): string =>
      (layers.reduce((sum, layer) => sum + layer[name], 0) / 1e6).toFixed(0);
    return `${mb('current')} of ${mb('total')} MB`;
  }
}
