import {
  type BaseModelFacts,
  limits,
  type TableSchema,
  type TaskName,
  type TextLimits,
  taskTable,
} from '@agon/contracts';
import { deriveNeeds } from './needs.ts';
import { deriveTextNeeds, type TextNeeds } from './text-needs.ts';

/** What a run of a job needs, whatever its task; see `deriveNeeds` and `deriveTextNeeds`. */
export function needsOfJob(input: {
  task: TaskName;
  train: { bytes: number; rows: number };
  table: TableSchema | null;
  base: BaseModelFacts | null;
  text: TextLimits | null;
}): TextNeeds {
  const { task, train, base } = input;
  const size = { task, trainBytes: train.bytes, rows: train.rows };
  if (taskTable[task].data === 'text') return deriveTextNeeds({ ...size, base, text: input.text ?? textLimitsOf({}) });
  return { ...deriveNeeds({ ...size, columns: input.table?.columns.length ?? 0 }), epochMinutes: null };
}

/** The bounds of a text task: what the client asked for, within what the base model can read. */
export function textLimitsOf(input: {
  maxTokens?: number | undefined;
  base?: Pick<BaseModelFacts, 'context_tokens' | 'hidden_size'> | null | undefined;
}): TextLimits {
  const { maxTokens = limits.textTokensDefault, base } = input;
  return {
    max_tokens: Math.min(maxTokens, base?.context_tokens ?? limits.textTokensMax),
    lora_rank_max: Math.min(limits.loraRankMax, base?.hidden_size ?? limits.loraRankMax),
  };
}
