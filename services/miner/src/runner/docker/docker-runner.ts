import { access, chmod, chown, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, Log } from '@agon/kit';
import type Docker from 'dockerode';
import type { RunFolder } from '../../run-folder.ts';
import type { Template } from '../../template/load-templates.ts';
import { type Runner, RunnerError, type Trainer, type TrainerHandle, type TrainerStart } from '../runner.ts';
import { outputBytesKept } from '../trainer-output.ts';
import { containerName, containerSpec, labels } from './container-spec.ts';
import { containerTrainer, readExit } from './container-trainer.ts';
import { answerMsMax, connectDocker, explain, statusOf } from './docker-client.ts';
import { ImageRecords } from './image-records.ts';
import { Images } from './images.ts';
import { OutputFollower } from './output-follower.ts';

/** Of trainers where the miner is root; else they have the miner's own, to whom `out` belongs. */
const trainerId = 10_001;

export type DockerRunnerOptions = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For templates that name none. */
  readonly image: string;
  /** Holds the shared package of the recipes. */
  readonly templatesFolder: string;
  /** Whose containers these are. */
  readonly owner: string;
  /** Remembers which images were brought here. */
  readonly imagesPath: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly onProgress?: (text: string) => void;
};

/** Runs trainers in containers that keep a stranger's program in. @throws RunnerError where the library cannot be used */
export async function dockerRunner(options: DockerRunnerOptions): Promise<Runner> {
  const docker = await connectDocker(options.environment);
  const records = new ImageRecords(options.imagesPath, options.clock);
  const images = new Images({ docker, records, onProgress: () => undefined, ...options });
  return new DockerRunner(docker, { images, records }, options);
}

class DockerRunner implements Runner {
  readonly kind = 'docker';
  readonly isolates = true;
  readonly #docker: Docker;
  readonly #images: Images;
  readonly #records: ImageRecords;
  readonly #options: DockerRunnerOptions;

  constructor(docker: Docker, images: { images: Images; records: ImageRecords }, options: DockerRunnerOptions) {
    this.#docker = docker;
    this.#images = images.images;
    this.#records = images.records;
    this.#options = options;
  }

  ready = async (): Promise<void> => {
    try {
      const silent = sleep(answerMsMax, undefined, { ref: false }).then(() => {
        throw new RunnerError(`The Docker daemon does not answer within ${answerMsMax / 1000} s. Restart it.`);
      });
      await Promise.race([this.#docker.ping(), silent]);
    } catch (error) {
      throw explain(error);
    }
  };

  describe = async (): Promise<string> => {
    await this.ready();
    const { ServerVersion: version, Driver: driver, SecurityOptions: options } = await this.#docker.info();
    const remapped = (options as string[] | undefined)?.find((option) => /rootless|userns/.test(option));
    if (remapped) {
      throw new RunnerError(
        `This Docker maps users (${remapped}), so that trainers could not write their models. Use a daemon without it.`,
      );
    }
    return `Docker ${version} with ${driver}.`;
  };

  prepare = async (template: Template): Promise<void> => {
    await this.#images.get(this.#imageOf(template));
  };

  start = async (start: TrainerStart): Promise<Trainer> => {
    const image = await this.#images.get(this.#imageOf(start.template));
    const user = await this.#openTo(start.folder);
    const sharedFolder = await existing(join(this.#options.templatesFolder, 'shared'));
    const { owner, environment, clock } = this.#options;
    await this.#remove(containerName(owner, start.runId));
    try {
      const spec = containerSpec({ start, image, owner, user, sharedFolder, environment });
      const container = await this.#docker.createContainer(spec);
      const follower = await OutputFollower.open(container, this.#targetOf(start.folder), { replay: false });
      await container.start().catch(async (error: unknown) => {
        await follower.drain(0);
        throw error;
      });
      const handle = { kind: 'container' as const, id: container.id, image: image.digest, startedAtMs: clock.nowMs() };
      return this.#trainerOf({ container, follower, folder: start.folder, handle, gpus: start.share.gpus });
    } catch (error) {
      await this.#remove(containerName(owner, start.runId)).catch(() => undefined);
      throw explain(error);
    }
  };

  attach = async (handle: TrainerHandle, folder: RunFolder): Promise<Trainer | undefined> => {
    if (handle.kind !== 'container') return undefined;
    const known = await readExit(folder.exitCode);
    if (known) return endedTrainer(handle, known);
    const container = this.#docker.getContainer(handle.id);
    try {
      const { State: state, HostConfig: host } = await container.inspect();
      const target = this.#targetOf(folder);
      const follower = state.Running
        ? await OutputFollower.open(container, target, { replay: true })
        : await OutputFollower.ofEnded(container, target);
      const gpus = (host.DeviceRequests ?? []).flatMap((request) => request.DeviceIDs ?? []);
      return this.#trainerOf({ container, follower, folder, handle, gpus });
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw explain(error);
    }
  };

  sweep = async (runIds: ReadonlySet<string>): Promise<void> => {
    const filters = { label: [`${labels.owner}=${this.#options.owner}`] };
    const containers = await this.#docker.listContainers({ all: true, filters }).catch((error: unknown) => {
      throw explain(error);
    });
    for (const { Id: id, Labels: found } of containers) {
      const run = found[labels.run] ?? '';
      if (runIds.has(run)) continue;
      this.#options.log.warn({ container: id, run }, 'removed a container that an earlier life left');
      await this.#remove(id);
    }
  };

  /** Docker itself refuses to remove an image that a container uses. */
  tidy = async (unusedMs: number): Promise<void> => {
    const { clock, log } = this.#options;
    for (const record of await this.#records.list()) {
      if (clock.nowMs() - record.usedAtMs < unusedMs) continue;
      try {
        await this.#docker.getImage(record.id).remove({ force: false });
        log.info({ image: record.name }, 'removed an image that was not used for long');
      } catch (error) {
        if (statusOf(error) !== 404) {
          log.debug({ err: error, image: record.name }, 'the image stays');
          continue;
        }
      }
      await this.#records.removed(record.id);
    }
  };

  #imageOf = ({ manifest }: Template): string => manifest.image ?? this.#options.image;

  #targetOf = (folder: RunFolder) => ({ path: folder.log, bytesMax: outputBytesKept, log: this.#options.log });

  #trainerOf(input: Omit<Parameters<typeof containerTrainer>[0], 'clock' | 'log'>): Trainer {
    return containerTrainer({ ...input, clock: this.#options.clock, log: this.#options.log });
  }

  async #remove(idOrName: string): Promise<void> {
    await this.#docker
      .getContainer(idOrName)
      .remove({ force: true, v: true })
      .catch((error: unknown) => {
        if (statusOf(error) !== 404 && statusOf(error) !== 409) throw explain(error);
      });
  }

  /** Lets the trainer read the job folder and write into `out`, whatever the miner's umask is. @returns its `uid:gid` */
  async #openTo(folder: RunFolder): Promise<string> {
    const ours = { uid: process.getuid?.() ?? trainerId, gid: process.getgid?.() ?? trainerId };
    const { uid, gid } = ours.uid === 0 ? { uid: trainerId, gid: trainerId } : ours;
    await makeReadable(folder.job, folder.out);
    await chmod(folder.out, 0o700);
    if (ours.uid === 0) await chown(folder.out, uid, gid);
    return `${uid}:${gid}`;
  }
}

/** A trainer that ended while its miner was away. */
const endedTrainer = (handle: TrainerHandle, exit: Awaited<Trainer['exit']>): Trainer => ({
  handle,
  exit: Promise.resolve(exit),
  stop: () => undefined,
  kill: () => undefined,
  usage: async () => undefined,
});

const existing = (path: string): Promise<string | undefined> =>
  access(path).then(
    () => path,
    () => undefined,
  );

/** Folders and files of a job; those of a base model are links to a cache and are readable already. */
async function makeReadable(folder: string, except: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (path === except) continue;
    if (entry.isDirectory()) await makeReadable(path, except);
    else if (entry.isFile() && !path.includes('/base_model/')) await chmod(path, 0o644);
  }
}
