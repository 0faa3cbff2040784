import type { BaseModelFacts, TaskName } from '@agon/contracts';

/** A model that `auto` may fetch from a hub. */
export type CatalogueEntry = {
  readonly name: string;
  readonly facts: BaseModelFacts;
  readonly tasks: readonly TaskName[];
  readonly note: string;
};

type Shape = readonly [parameters: number, hidden: number, layers: number, vocabulary: number, context: number];

const answers: readonly TaskName[] = ['chat', 'preference'];
const classifies: readonly TaskName[] = ['text-classification'];

function entry(
  name: string,
  given: { architecture: string; license: string; shape: Shape; note: string; kind: BaseModelFacts['kind'] },
): CatalogueEntry {
  const { architecture, license, kind, note } = given;
  const [parameters, hidden_size, layers, vocabulary, context_tokens] = given.shape;
  const has_chat_template = kind === 'causal';
  const facts = { architecture, kind, parameters, hidden_size, layers, vocabulary, context_tokens };
  return {
    name,
    facts: { ...facts, has_chat_template, license },
    tasks: kind === 'causal' ? answers : classifies,
    note,
  };
}

const causal = (name: string, given: { architecture: string; license: string; shape: Shape; note: string }) =>
  entry(name, { ...given, kind: 'causal' });
const encoder = (name: string, given: { architecture: string; license: string; shape: Shape; note: string }) =>
  entry(name, { ...given, kind: 'encoder' });

/**
 * What `base_model: "auto"` knows besides what is in the store. The figures are those of the models' own configurations
 * and cards; what is fetched is read again and its own facts count.
 */
export const catalogue: readonly CatalogueEntry[] = [
  causal('HuggingFaceTB/SmolLM2-135M-Instruct', {
    architecture: 'LlamaForCausalLM',
    license: 'apache-2.0',
    shape: [134_515_008, 576, 30, 49_152, 8_192],
    note: 'English; trains on two CPU cores',
  }),
  causal('HuggingFaceTB/SmolLM2-360M-Instruct', {
    architecture: 'LlamaForCausalLM',
    license: 'apache-2.0',
    shape: [361_821_120, 960, 32, 49_152, 8_192],
    note: 'English',
  }),
  causal('Qwen/Qwen2.5-0.5B-Instruct', {
    architecture: 'Qwen2ForCausalLM',
    license: 'apache-2.0',
    shape: [494_032_768, 896, 24, 151_936, 32_768],
    note: 'many languages',
  }),
  causal('Qwen/Qwen2.5-1.5B-Instruct', {
    architecture: 'Qwen2ForCausalLM',
    license: 'apache-2.0',
    shape: [1_543_714_304, 1_536, 28, 151_936, 32_768],
    note: 'many languages',
  }),
  causal('HuggingFaceTB/SmolLM2-1.7B-Instruct', {
    architecture: 'LlamaForCausalLM',
    license: 'apache-2.0',
    shape: [1_711_376_384, 2_048, 24, 49_152, 8_192],
    note: 'English',
  }),
  causal('mistralai/Mistral-7B-Instruct-v0.3', {
    architecture: 'MistralForCausalLM',
    license: 'apache-2.0',
    shape: [7_248_023_552, 4_096, 32, 32_768, 32_768],
    note: 'mostly English',
  }),
  causal('Qwen/Qwen2.5-7B-Instruct', {
    architecture: 'Qwen2ForCausalLM',
    license: 'apache-2.0',
    shape: [7_615_616_512, 3_584, 28, 152_064, 32_768],
    note: 'many languages',
  }),
  encoder('sentence-transformers/all-MiniLM-L6-v2', {
    architecture: 'BertModel',
    license: 'apache-2.0',
    shape: [22_713_216, 384, 6, 30_522, 512],
    note: 'English, lower case; trains on two CPU cores',
  }),
  encoder('distilbert/distilbert-base-uncased', {
    architecture: 'DistilBertForMaskedLM',
    license: 'apache-2.0',
    shape: [66_985_530, 768, 6, 30_522, 512],
    note: 'English, lower case',
  }),
  encoder('FacebookAI/roberta-base', {
    architecture: 'RobertaForMaskedLM',
    license: 'mit',
    shape: [124_697_433, 768, 12, 50_265, 512],
    note: 'English',
  }),
  encoder('google-bert/bert-base-multilingual-cased', {
    architecture: 'BertForMaskedLM',
    license: 'apache-2.0',
    shape: [178_566_653, 768, 12, 119_547, 512],
    note: 'more than a hundred languages',
  }),
];
