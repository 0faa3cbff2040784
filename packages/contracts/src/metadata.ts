import { z } from 'zod';
import { limits } from './limits.ts';

/** Up to 16 string pairs of the client's own, as in OpenAI's API. */
export const Metadata = z
  .record(z.string().min(1).max(limits.metadataKeyCharactersMax), z.string().max(limits.metadataValueCharactersMax))
  .refine(
    (pairs) => Object.keys(pairs).length <= limits.metadataPairsMax,
    `has at most ${limits.metadataPairsMax} pairs`,
  );
export type Metadata = z.infer<typeof Metadata>;
