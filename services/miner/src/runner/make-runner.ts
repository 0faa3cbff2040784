import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { RunnerKind } from '@agon/contracts';
import type { Clock, Log } from '@agon/kit';
import { dockerRunner } from './docker/docker-runner.ts';
import { processRunner } from './process-runner.ts';
import type { Runner } from './runner.ts';

/** The trainer image that `agon` builds from `docker/trainer.Dockerfile`. */
export const defaultTrainerImage = 'agon-trainer:latest';

export type RunnerSettings = {
  readonly kind: RunnerKind;
  /** For containers of templates that name no image: a tag, a digest or an archive. */
  readonly image?: string | undefined;
  /** What `{python}` becomes in a plain process; in a container it is `python3`. */
  readonly python: string;
  readonly templatesFolder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of the miner: containers belong to it. */
  readonly folder: string;
  /** What the containers are for, where it is not for the runs of the miner; cleaning up keeps the two apart. */
  readonly purpose?: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Hears how a download of an image goes on. */
  readonly onProgress?: (text: string) => void;
};

/** The runner that an owner chose. */
export async function makeRunner(settings: RunnerSettings): Promise<Runner> {
  if (settings.kind === 'process') return processRunner(settings);
  const owned = `${resolve(settings.folder)}\n${settings.purpose ?? ''}`;
  return dockerRunner({
    ...settings,
    image: settings.image ?? defaultTrainerImage,
    owner: createHash('sha256').update(owned).digest('hex').slice(0, 16),
    imagesPath: join(settings.folder, 'images.json'),
    templatesFolder: resolve(settings.templatesFolder),
  });
}
