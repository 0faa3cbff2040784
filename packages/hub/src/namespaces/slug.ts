import { limits } from '@agon/contracts';

/** First words of the hub's own addresses, and the operator's namespace. */
const reserved = new Set(['api', 'datasets', 'spaces', 'models', 'buckets', 'kernels', 'lfs', 'agon', 'bootstrap']);
const numberCharacters = 5;

/** A namespace made of a name that a person chose: `Alice’s laptop` becomes `alice-s-laptop`. */
export function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, limits.namespaceCharactersMax - numberCharacters)
    .replace(/^-+|-+$/g, '');
  if (slug === '') return 'user';
  return reserved.has(slug) ? `${slug}-user` : slug;
}

export const slugWithNumber = (slug: string, number: number): string => (number === 1 ? slug : `${slug}-${number}`);
