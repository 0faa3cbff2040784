import { z } from 'zod';

/** What of a checkpoint's own configuration counts; all else is the base's. */
const OfCheckpoint = z.object({
  architectures: z.array(z.string()).optional(),
  id2label: z.record(z.string(), z.string()).optional(),
});

const dtypes = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' } as const;
export type WeightType = keyof typeof dtypes;

/** Tells transformers.js which files there are: float32, its weights beside the graph. */
const forTransformersJs = { dtype: 'fp32', use_external_data_format: { 'model.onnx': 1 } };

/**
 * `config.json` of a published model: the base's, so that nothing of a stranger is in it that could change how the model
 * is read, with the head of a classifier, the number format of its weights, and a word for transformers.js.
 */
export function publishedConfig(input: {
  base: Record<string, unknown>;
  checkpoint?: { config: unknown; weights: WeightType } | undefined;
  onnx: boolean;
}): Record<string, unknown> {
  const { base, checkpoint, onnx } = input;
  return {
    ...base,
    ...(checkpoint ? headOf(OfCheckpoint.parse(checkpoint.config)) : {}),
    ...(checkpoint ? { ['torch_dtype' in base ? 'torch_dtype' : 'dtype']: dtypes[checkpoint.weights] } : {}),
    ...(onnx ? { 'transformers.js_config': forTransformersJs } : {}),
  };
}

function headOf({ architectures, id2label }: z.infer<typeof OfCheckpoint>): Record<string, unknown> {
  if (architectures === undefined || id2label === undefined) return {};
  const label2id = Object.fromEntries(Object.entries(id2label).map(([id, label]) => [label, Number(id)]));
  return { architectures, id2label, label2id, problem_type: 'single_label_classification' };
}
