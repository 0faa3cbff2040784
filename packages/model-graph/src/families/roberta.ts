import { readBert } from './bert.ts';
import type { Family } from './family.ts';

/** BERT whose positions begin after the padding id, and whose head has a layer of its own instead of the pooler. */
export const roberta: Family = {
  read: (raw, architecture) => readBert(raw, architecture, 'roberta', (fields) => (fields.pad_token_id ?? 1) + 1),
};
