import { z } from 'zod';
import { limits } from './limits.ts';

/** OpenAI's list envelope. The cursor of the next page is the id of the last item. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    object: z.literal('list'),
    data: z.array(item),
    has_more: z.boolean(),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
  });

export type Page<T> = {
  object: 'list';
  data: T[];
  has_more: boolean;
  first_id: string | null;
  last_id: string | null;
};

export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(limits.pageItemsMax).default(limits.pageItemsDefault),
  after: z.string().max(100).optional(),
});
export type PageQuery = z.infer<typeof PageQuery>;
