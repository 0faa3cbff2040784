import { limits } from '@agon/contracts';

/** First words of the hub's own addresses, and the operator's namespace. */
const reserved = new Set(['api', 'datasets', 'spaces', 'models', 'buckets', 'kernels', 'lfs', 'agon', 'bootstrap']);
/** Room for the number that a name gets where another account has it. */
const numberCharacters = 6;

/** A namespace made of a name that a person chose: `Alice’s laptop` becomes `alice-s-laptop`. */
export function namespaceSlug(name: string): string {
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
