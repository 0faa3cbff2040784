import { z } from 'zod';
import { parsedFields } from './config-fields.ts';
import { activationOf, checkHeads, LabelFields, labelsOf, size } from './encoder-fields.ts';
import type { Family } from './family.ts';

const DistilBertFields = LabelFields.extend({
  vocab_size: size(10_000_000),
  dim: size(100_000),
  hidden_dim: size(1_000_000),
  n_layers: size(1_000),
  n_heads: size(10_000),
  max_position_embeddings: size(1_000_000),
  activation: z.string().default('gelu'),
});

/** BERT without token types and pooler, under other names. */
export const distilbert: Family = {
  read: (raw, architecture) => {
    const fields = parsedFields(DistilBertFields, raw);
    return checkHeads({
      kind: 'encoder',
      architecture,
      layout: 'distilbert',
      vocabulary: fields.vocab_size,
      hidden: fields.dim,
      intermediate: fields.hidden_dim,
      layers: fields.n_layers,
      heads: fields.n_heads,
      normEpsilon: 1e-12,
      activation: activationOf(fields.activation),
      positionRows: fields.max_position_embeddings,
      positionStart: 0,
      positions: fields.max_position_embeddings,
      tokenTypes: 0,
      labels: labelsOf(fields, architecture),
    });
  },
};
