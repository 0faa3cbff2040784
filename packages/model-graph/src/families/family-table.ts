import { bert } from './bert.ts';
import { distilbert } from './distilbert.ts';
import type { Family } from './family.ts';
import { llama } from './llama.ts';
import { mistral } from './mistral.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';
import { roberta } from './roberta.ts';

/**
 * Architectures by the name in `config.json`. A new one is a row here and, where it differs, a file beside this. Encoders
 * of other tasks than classification serve as bases: their own heads are left aside.
 */
export const familyTable: Readonly<Record<string, Family>> = {
  LlamaForCausalLM: llama,
  MistralForCausalLM: mistral,
  Qwen2ForCausalLM: qwen2,
  Qwen3ForCausalLM: qwen3,
  BertForSequenceClassification: bert,
  BertModel: bert,
  BertForMaskedLM: bert,
  BertForPreTraining: bert,
  DistilBertForSequenceClassification: distilbert,
  DistilBertModel: distilbert,
  DistilBertForMaskedLM: distilbert,
  RobertaForSequenceClassification: roberta,
  RobertaModel: roberta,
  RobertaForMaskedLM: roberta,
};
