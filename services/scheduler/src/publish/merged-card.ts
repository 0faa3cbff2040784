import { mergedFolder, mergedRepoOf } from '@agon/contracts';
import type { CardInput } from './card-kind.ts';
import { code } from './markdown-table.ts';
import { type ModelCardInput, modelCard } from './model-card.ts';

/** The card of the repo with the merged weights: that of weights, which says where they come from. */
export function mergedCard(input: ModelCardInput): string {
  const own = (path: string): boolean => path.startsWith(mergedFolder);
  const paths = new Set([...input.paths].filter(own).map((path) => path.slice(mergedFolder.length)));
  const card = modelCard({
    ...input,
    name: `${input.name}-merged`,
    format: 'hf-checkpoint',
    repo: mergedRepoOf(input.repo),
    paths,
  });
  return card.replace('\n## Score', `\n${origin(input)}\n\n## Score`);
}

const origin = ({ repo }: CardInput): string =>
  `The winner is the adapter in ${code(repo)}; here its change is merged into the weights of the base model, rounded to their number format.`;
