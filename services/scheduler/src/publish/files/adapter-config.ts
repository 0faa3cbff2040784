import type { BaseModelRecord } from '@agon/store';
import { z } from 'zod';

/**
 * `adapter_config.json` as strangers need it: peft finds the base by its name, wherever the miner had it. A revision is
 * given where it is a commit of a hub.
 *
 * @param raw the miner's own, which the evaluator has read
 */
export function publishedAdapterConfig(
  raw: unknown,
  base: Pick<BaseModelRecord, 'name' | 'revision' | 'source'>,
): Record<string, unknown> {
  const fields = z.record(z.string(), z.unknown()).parse(raw);
  return {
    ...fields,
    // Names a class of the miner's Python; the task says enough.
    auto_mapping: null,
    base_model_name_or_path: base.name,
    inference_mode: true,
    revision: base.source === 'hub' ? base.revision : null,
    task_type: 'CAUSAL_LM',
  };
}
