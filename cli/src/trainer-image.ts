import { join } from 'node:path';
import { buildTrainerImage, defaultBaseImage, defaultTrainerImage } from '@agon/miner';
import type { Context } from './context.ts';
import { repositoryFolder } from './repository.ts';

const torchImage = defaultTrainerImage.replace(/:.*$/, ':torch');

export type TrainerImageOptions = {
  /** An image that is there already, or what the one that is built shall be called. */
  readonly image?: string;
  readonly baseImage?: string;
  readonly torch: boolean;
  readonly home: string;
};

/** The image that the recipes run on: the one that is named, else built from this checkout. @throws RunnerError */
export async function trainerImage(context: Context, options: TrainerImageOptions): Promise<string> {
  return options.image ?? buildImage(context, options);
}

/** Builds it where none of the same recipe is there, and answers its name. @throws RunnerError */
export async function buildImage(context: Context, options: TrainerImageOptions): Promise<string> {
  const image = options.image ?? (options.torch ? torchImage : defaultTrainerImage);
  await buildTrainerImage({
    root: repositoryFolder,
    image,
    baseImage: options.baseImage ?? context.env.AGON_BASE_IMAGE ?? defaultBaseImage,
    requirements: ['requirements.lock', ...(options.torch ? ['requirements-torch.lock'] : [])],
    python: context.env.AGON_PYTHON ?? 'python3',
    cacheFolder: join(options.home, 'docker', 'cache'),
    environment: context.env,
    say: (text) => context.err(`… ${text}`),
  });
  return image;
}
