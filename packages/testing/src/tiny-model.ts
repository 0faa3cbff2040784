import { modelTensors, parseConfig } from '@agon/model-graph';

/** Configurations of models with a handful of parameters. */
export const tinyConfigs = {
  causal: {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: 32,
    hidden_size: 8,
    intermediate_size: 16,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    max_position_embeddings: 64,
    rms_norm_eps: 1e-5,
    tie_word_embeddings: true,
  },
  encoder: {
    architectures: ['BertModel'],
    model_type: 'bert',
    vocab_size: 32,
    hidden_size: 8,
    intermediate_size: 16,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    max_position_embeddings: 64,
    type_vocab_size: 2,
    layer_norm_eps: 1e-12,
    hidden_act: 'gelu',
  },
} as const;

export type TinyTensor = { readonly name: string; readonly shape: readonly number[]; readonly type?: string };

/** A safetensors file of zeros. */
export function tinySafetensors(tensors: readonly TinyTensor[]): Buffer {
  const bits: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2, I64: 8, I8: 1 };
  let at = 0;
  const entries = tensors.map(({ name, shape, type = 'F32' }) => {
    const start = at;
    at += shape.reduce((product, size) => product * size, bits[type] ?? 1);
    return [name, { dtype: type, shape, data_offsets: [start, at] }] as const;
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(at)]);
}

/** A whole model in the layout of Hugging Face, by path; `changes` replaces or, with null, leaves out files. */
export function tinyModel(
  kind: keyof typeof tinyConfigs = 'causal',
  changes: Readonly<Record<string, Uint8Array | string | null>> = {},
): Map<string, Buffer> {
  const config = tinyConfigs[kind];
  const files: Record<string, Uint8Array | string | null> = {
    'config.json': JSON.stringify(config),
    'tokenizer.json': JSON.stringify({ version: '1.0', model: { type: 'BPE', vocab: {}, merges: [] } }),
    'tokenizer_config.json': JSON.stringify(
      kind === 'causal' ? { chat_template: '{% for m in messages %}{{ m.content }}{% endfor %}' } : {},
    ),
    'model.safetensors': tinySafetensors(modelTensors(parseConfig(config))),
    'README.md': '---\nlicense: apache-2.0\n---\n# Tiny\n',
    ...changes,
  };
  const there = Object.entries(files).flatMap(([path, content]) =>
    content === null ? [] : [[path, Buffer.from(content as Uint8Array)] as const],
  );
  return new Map(there);
}
