import type { Command } from 'commander';
import { addCommand } from '../command.ts';
import { answer, type Context, homeFolder, type SharedOptions } from '../context.ts';
import { buildImage } from '../trainer-image.ts';

type Options = SharedOptions & { image?: string; baseImage?: string; torch?: boolean };

/** `agon mine image`: builds the image that the recipes run on in containers. */
export const addMineImage = (mine: Command, context: Context): Command =>
  addCommand(mine, {
    usage: 'image',
    summary: 'build the image that the recipes run on in containers',
    examples: [
      'mine image',
      'mine image --torch',
      'mine image --torch --base-image nvidia/cuda:12.9.1-base-ubuntu24.04 --image agon-trainer:cuda',
    ],
  })
    .option('--torch', 'with PyTorch, for the recipes called *-torch')
    .option('--image <image>', 'what to call it (default: agon-trainer:latest, or agon-trainer:torch)')
    .option('--base-image <image>', 'what to build it on: a Debian or Ubuntu (default: AGON_BASE_IMAGE, or Debian’s)')
    .action(async (options: Options) => {
      const home = await homeFolder(context);
      const image = await buildImage(context, { ...options, torch: options.torch === true, home });
      answer(context, options, {
        json: { image },
        text: () => `${image} is here.\n  agon mine start --runner docker --image ${image}`,
      });
    });
