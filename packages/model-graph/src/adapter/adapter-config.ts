import { join } from 'node:path';
import { z } from 'zod';
import { readJson } from '../families/read-config.ts';
import { ModelFault } from '../model-fault.ts';

const rank = z.int().min(1).max(1_000_000);
const alpha = z.number();

const AdapterFields = z.looseObject({
  peft_type: z.string(),
  r: rank,
  lora_alpha: alpha,
  use_rslora: z.boolean().default(false),
  rank_pattern: z.record(z.string(), rank).nullish(),
  alpha_pattern: z.record(z.string(), alpha).nullish(),
  modules_to_save: z.array(z.string().max(300)).max(100).nullish(),
});

/** What of peft's `adapter_config.json` decides the numbers. */
export type AdapterConfig = {
  /** The rank of a module, by its dotted name. */
  rankOf(module: string): number;
  /** What `B A` is multiplied by: `alpha / r`, or `alpha / sqrt(r)` (Kalajdzievski 2023). */
  scaleOf(module: string): number;
  /** Modules that are saved whole. */
  readonly wholeModules: readonly string[];
};

/** Options that change what an adapter computes, and what they may be. Options that only matter in training are free. */
const switchedOff = [
  'use_dora',
  'use_qalora',
  'use_bdlora',
  'lora_bias',
  'fan_in_fan_out',
  'layer_replication',
  'alora_invocation_tokens',
  'target_parameters',
  'trainable_token_indices',
  'arrow_config',
  'kasa_config',
  'monteclora_config',
];
/** Others (PiSSA, OLoRA, CorDA, LoftQ, …) change the base weights too. */
const initialisations = [true, false, 'gaussian', 'eva', 'orthogonal'];

/**
 * Reads `adapter_config.json` of a folder in peft's layout.
 *
 * @throws ModelFault `adapter_malformed`, `adapter_unsupported`, `adapter_rank_too_large`
 */
export async function readAdapterConfig(folder: string, rankMax: number): Promise<AdapterConfig> {
  const raw = await readJson(join(folder, 'adapter_config.json'), 'adapter_malformed');
  const parsed = AdapterFields.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new ModelFault('adapter_malformed', `adapter_config.json: ${issue?.path.join('.')}: ${issue?.message}.`);
  }
  checkOptions(parsed.data);
  const { r, lora_alpha: alphaOfAll, use_rslora: rootScale } = parsed.data;
  const ranks = patternsOf('rank_pattern', parsed.data.rank_pattern);
  const alphas = patternsOf('alpha_pattern', parsed.data.alpha_pattern);
  const largest = Math.max(r, ...ranks.map(([, value]) => value));
  if (largest > rankMax) {
    throw new ModelFault('adapter_rank_too_large', `The adapter has rank ${largest}; at most ${rankMax} is allowed.`);
  }
  const rankOf = (module: string) => firstMatch(ranks, module) ?? r;
  return {
    rankOf,
    wholeModules: parsed.data.modules_to_save ?? [],
    scaleOf: (module) => {
      const divisor = rootScale ? Math.sqrt(rankOf(module)) : rankOf(module);
      return (firstMatch(alphas, module) ?? alphaOfAll) / divisor;
    },
  };
}

function checkOptions(fields: Record<string, unknown>): void {
  const unsupported = (what: string) =>
    new ModelFault('adapter_unsupported', `The adapter has ${what}; only plain LoRA on linear layers is scored.`);
  if (fields.peft_type !== 'LORA') throw unsupported(`peft_type ${JSON.stringify(fields.peft_type)}`);
  if ((fields.bias ?? 'none') !== 'none') throw unsupported(`bias ${JSON.stringify(fields.bias)}`);
  const on = switchedOff.find((key) => isOn(fields[key]));
  if (on !== undefined) throw unsupported(`${on} switched on`);
  const initialisation = fields.init_lora_weights ?? true;
  if (!initialisations.includes(initialisation as string)) {
    throw unsupported(
      `init_lora_weights ${JSON.stringify(initialisation)}, which changes the base; convert it to plain LoRA`,
    );
  }
}

function isOn(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false;
  return typeof value === 'object' ? Object.keys(value).length > 0 : true;
}

/** Peft takes the keys for regular expressions, but writes names of modules; only such are read. */
function patternsOf(field: string, patterns: Record<string, number> | null | undefined): [string, number][] {
  const entries = Object.entries(patterns ?? {});
  const strange = entries.find(([key]) => !/^\^?[\w.]{1,300}$/.test(key));
  if (strange || entries.length > 10_000) {
    throw new ModelFault('adapter_unsupported', `The keys of ${field} must be names of modules.`);
  }
  return entries;
}

/** `(.*\.)?(key)$`, as peft matches them; a leading ^ asks for the whole name. */
function firstMatch(patterns: readonly [string, number][], module: string): number | undefined {
  const found = patterns.find(([key]) =>
    key.startsWith('^') ? module === key.slice(1) : module === key || module.endsWith(`.${key}`),
  );
  return found?.[1];
}
