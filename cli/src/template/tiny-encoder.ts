import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const hidden = 32;
const heads = 2;
const layers = 2;
const intermediate = 64;
const positions = 128;
const spread = 0.05;

const letters = [...'abcdefghijklmnopqrstuvwxyz0123456789.,;:!?\'"()-/'];
const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...letters, ...letters.map((one) => `##${one}`)];

const config = {
  architectures: ['BertModel'],
  model_type: 'bert',
  vocab_size: vocabulary.length,
  hidden_size: hidden,
  intermediate_size: intermediate,
  num_hidden_layers: layers,
  num_attention_heads: heads,
  max_position_embeddings: positions,
  type_vocab_size: 2,
  layer_norm_eps: 1e-12,
  hidden_act: 'gelu',
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
  pad_token_id: 0,
  torch_dtype: 'float32',
};

const special = (id: number, content: string) => ({
  ...{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
});

const tokenizer = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: vocabulary.slice(0, 5).map((content, id) => special(id, content)),
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: ['[CLS]', 'A', '[SEP]'].map((id) => piece(id, 0)),
    pair: ['[CLS]', 'A', '[SEP]', 'B', '[SEP]'].map((id, index) => piece(id, index > 2 ? 1 : 0)),
    special_tokens: Object.fromEntries(
      ['[CLS]', '[SEP]'].map((token) => [token, { id: token, ids: [vocabulary.indexOf(token)], tokens: [token] }]),
    ),
  },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
  },
};

function piece(id: string, typeId: number) {
  return id.startsWith('[') ? { SpecialToken: { id, type_id: typeId } } : { Sequence: { id, type_id: typeId } };
}

/**
 * Writes a small encoder with random weights in the layout of Hugging Face. It knows nothing; a template that tunes encoders
 * can be tried on it in seconds, without a download.
 */
export async function writeTinyEncoder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const names = {
    ...{ tokenizer_class: 'BertTokenizerFast', do_lower_case: true, model_max_length: positions },
    ...{ pad_token: '[PAD]', unk_token: '[UNK]', cls_token: '[CLS]', sep_token: '[SEP]', mask_token: '[MASK]' },
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config, null, 2));
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify(names, null, 2));
  await writeFile(join(folder, 'model.safetensors'), safetensors());
}

type Tensor = { readonly name: string; readonly shape: readonly number[] };

function tensors(): Tensor[] {
  const linear = (name: string, from: number, to: number): Tensor[] => [
    { name: `${name}.weight`, shape: [to, from] },
    { name: `${name}.bias`, shape: [to] },
  ];
  const norm = (name: string): Tensor[] =>
    ['weight', 'bias'].map((part) => ({ name: `${name}.${part}`, shape: [hidden] }));
  const embedding = (name: string, rows: number): Tensor => ({
    name: `embeddings.${name}.weight`,
    shape: [rows, hidden],
  });
  const layer = (index: number): Tensor[] => {
    const at = `encoder.layer.${index}`;
    return [
      ...['query', 'key', 'value'].flatMap((part) => linear(`${at}.attention.self.${part}`, hidden, hidden)),
      ...linear(`${at}.attention.output.dense`, hidden, hidden),
      ...norm(`${at}.attention.output.LayerNorm`),
      ...linear(`${at}.intermediate.dense`, hidden, intermediate),
      ...linear(`${at}.output.dense`, intermediate, hidden),
      ...norm(`${at}.output.LayerNorm`),
    ];
  };
  return [
    embedding('word_embeddings', vocabulary.length),
    embedding('position_embeddings', positions),
    embedding('token_type_embeddings', 2),
    ...norm('embeddings.LayerNorm'),
    ...Array.from({ length: layers }, (_, index) => layer(index)).flat(),
    ...linear('pooler.dense', hidden, hidden),
  ];
}

function safetensors(): Buffer {
  const random = uniform(1);
  let at = 0;
  const values: Buffer[] = [];
  const entries = tensors().map(({ name, shape }) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const isScale = name.endsWith('LayerNorm.weight');
    const data = Float32Array.from({ length: count }, () => (isScale ? 1 : (random() - 0.5) * 2 * spread));
    values.push(Buffer.from(data.buffer));
    const start = at;
    at += data.byteLength;
    return [name, { dtype: 'F32', shape, data_offsets: [start, at] }] as const;
  });
  const header = Buffer.from(JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, ...values]);
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
