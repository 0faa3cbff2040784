import type { Page } from '@agon/contracts';

/** A page from a list that was asked for one item more than the page holds. */
export function pageFrom<T extends { id: string }>(items: readonly T[], limit: number): Page<T> {
  const data = items.slice(0, limit);
  return {
    object: 'list',
    data,
    has_more: items.length > limit,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  };
}
