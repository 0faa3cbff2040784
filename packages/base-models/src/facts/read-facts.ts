import { AppError, type BaseModelFacts } from '@agon/contracts';
import { type ModelConfig, ModelFault, parseConfig } from '@agon/model-graph';
import { type ModelFiles, readJson } from '../files/model-files.ts';
import { configFile, type SelectedFiles } from '../files/select-files.ts';
import { readLicense } from './license.ts';
import { checkWeights } from './weights.ts';

const jsonBytesMax = 4 * 1024 * 1024;
/** Tokenizers without a limit of their own say 10^30. */
const sensibleTokensMax = 10_000_000;

/**
 * What the service must know of a model, read from its configuration and the headers of its weights. The weights are
 * checked to be whole and to be those of the architecture.
 *
 * @throws AppError `base_model_invalid` that says what is wrong or not supported
 */
export async function readFacts(files: ModelFiles, selected: SelectedFiles): Promise<BaseModelFacts> {
  try {
    const config = parseConfig(await readJson(files, configFile, jsonBytesMax));
    const parameters = await checkWeights(files, { names: selected.weights, config });
    const tokenizer = (await readJson(files, 'tokenizer_config.json', jsonBytesMax)) ?? {};
    return {
      architecture: config.architecture,
      kind: config.kind === 'decoder' ? 'causal' : 'encoder',
      parameters,
      hidden_size: config.hidden,
      layers: config.layers,
      vocabulary: config.vocabulary,
      context_tokens: contextOf(config, tokenizer),
      has_chat_template: hasChatTemplate(selected, tokenizer),
      license: await readLicense(files),
    };
  } catch (error) {
    if (error instanceof ModelFault) throw new AppError('base_model_invalid', error.message, {}, error);
    throw error;
  }
}

function contextOf(config: ModelConfig, tokenizer: Readonly<Record<string, unknown>>): number {
  const stated = Number(tokenizer.model_max_length);
  return Number.isInteger(stated) && stated >= 1 && stated <= sensibleTokensMax
    ? Math.min(stated, config.positions)
    : config.positions;
}

function hasChatTemplate(selected: SelectedFiles, tokenizer: Readonly<Record<string, unknown>>): boolean {
  const { chat_template: template } = tokenizer;
  const inside = (typeof template === 'string' || Array.isArray(template)) && template.length > 0;
  return inside || selected.files.some((file) => file.path === 'chat_template.jinja');
}
