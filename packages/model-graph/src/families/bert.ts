import { z } from 'zod';
import type { EncoderConfig } from '../encoder/encoder-config.ts';
import { parsedFields, refuse } from './config-fields.ts';
import { activationOf, checkHeads, LabelFields, labelsOf, size } from './encoder-fields.ts';
import type { Family } from './family.ts';

const BertFields = LabelFields.extend({
  vocab_size: size(10_000_000),
  hidden_size: size(100_000),
  intermediate_size: size(1_000_000),
  num_hidden_layers: size(1_000),
  num_attention_heads: size(10_000),
  max_position_embeddings: size(1_000_000),
  type_vocab_size: z.int().min(0).max(1_000).default(2),
  layer_norm_eps: z.number().positive().max(1).default(1e-12),
  hidden_act: z.string().default('gelu'),
  position_embedding_type: z.string().default('absolute'),
  pad_token_id: z.int().min(0).max(10_000_000).nullish(),
});
type BertFields = z.infer<typeof BertFields>;

/** BERT, MiniLM and others of that shape. */
export const bert: Family = { read: (raw, architecture) => readBert(raw, architecture, 'bert', () => 0) };

/** @param positionStart row of the table of positions that belongs to the first token */
export function readBert(
  raw: unknown,
  architecture: string,
  layout: 'bert' | 'roberta',
  positionStart: (fields: BertFields) => number,
): EncoderConfig {
  const fields = parsedFields(BertFields, raw);
  const kind = fields.position_embedding_type;
  refuse(kind !== 'absolute', `positions of the kind ${kind}; only absolute`);
  const start = positionStart(fields);
  return checkHeads({
    kind: 'encoder',
    architecture,
    layout,
    vocabulary: fields.vocab_size,
    hidden: fields.hidden_size,
    intermediate: fields.intermediate_size,
    layers: fields.num_hidden_layers,
    heads: fields.num_attention_heads,
    normEpsilon: fields.layer_norm_eps,
    activation: activationOf(fields.hidden_act),
    positionRows: fields.max_position_embeddings,
    positionStart: start,
    positions: fields.max_position_embeddings - start,
    tokenTypes: fields.type_vocab_size,
    labels: labelsOf(fields, architecture),
  });
}
