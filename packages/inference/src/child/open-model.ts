import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type LanguageTokenizer, openTokenizer } from '@agon/language';
import { openSession } from '@agon/language/runtime';
import {
  type DecoderConfig,
  emptyAdapterFeeds,
  generateGraph,
  type Matrix,
  openWeights,
  readAdapter,
  readConfig,
} from '@agon/model-graph';
import ort from 'onnxruntime-node';
import { z } from 'zod';
import { Engine } from '../engine/engine.ts';
import { Lane } from '../engine/lane.ts';
import { Row, type RowEvents } from '../engine/row.ts';
import { randomOf, type Sampled } from '../engine/sampling.ts';
import { TextStream } from '../engine/text-stream.ts';
import type { EngineSettings, Generation, TokenReport, ToModel } from '../protocol.ts';
import { openEncoder } from './open-encoder.ts';
import { Refusal } from './refusal.ts';

export type Opening = Omit<Extract<ToModel, { kind: 'open' }>, 'kind' | 'id'>;
type Asked = Pick<Extract<ToModel, { kind: 'generate' }>, 'generation' | 'adapter'>;
type Extra = Readonly<Record<string, ort.Tensor>>;

export type Listener = {
  readonly onPart: (text: string, report: TokenReport | null) => void;
  readonly onEnd: RowEvents['onEnd'];
  readonly onFailure: RowEvents['onFailure'];
};

/** An answer that may begin. */
export type Prepared = { readonly promptTokens: number; readonly start: (listener: Listener) => Row };

/** What a loaded model does: language models answer, encoders classify. */
export type OpenModel = {
  /** Tokens of the model's context. */
  readonly positions: number;
  /** @throws Refusal where the model cannot answer this; Error where the adapter cannot be read. */
  prepare(asked: Asked): Promise<Prepared>;
  /** Logits, `texts * classes`. @throws Refusal where the model does not classify. */
  classify(texts: readonly string[], options: { classes: readonly string[]; tokensMax: number }): Promise<Float32Array>;
};

const EndTokens = z.object({ eos_token_id: z.union([z.int(), z.array(z.int())]).nullish() });

/** Loads a model and makes it ready for answers. @throws Error where it cannot be loaded. */
export async function openModel(opening: Opening): Promise<OpenModel> {
  const { settings } = opening;
  const config = await readConfig(opening.weightsFolder);
  if (config.kind === 'encoder') return openEncoder(config, opening);
  const weights = await openWeights(opening.weightsFolder);
  const path = join(opening.graphFolder, 'generate.onnx');
  await writeFile(path, generateGraph({ config, weights, folder: opening.graphFolder, lora: true, present: 'new' }));
  const session = await openSession(path, settings.threads);
  const tokenizer = await openTokenizer(opening.baseFolder);
  const endTokens = await endTokensOf([opening.weightsFolder, opening.baseFolder]);
  const engine = new Engine({ cacheBytesMax: settings.cacheBytesMax });
  const adapters = new Map<string, Promise<Extra>>();
  const extraOf = (adapter: Asked['adapter']): Promise<Extra> => {
    const name = adapter?.name ?? '';
    const known = adapters.get(name) ?? matrices(config, adapter?.folder).then(tensorsOf);
    adapters.set(name, known);
    known.catch(() => adapters.delete(name));
    return known;
  };
  return {
    positions: config.positions,
    classify: async () => {
      throw new Refusal('wrong_kind', `${config.architecture} answers conversations and classifies nothing.`);
    },
    prepare: async ({ generation, adapter }) => {
      const prompt = promptOf(tokenizer, generation);
      const newTokensMax = roomFor(config, settings, { prompt, wanted: generation.newTokensMax });
      const extra = await extraOf(adapter);
      const makeLane = () => new Lane({ session, ...laneShape(config), extra, ...settings });
      const start = (listener: Listener): Row => {
        const row = new Row({
          prompt,
          newTokensMax,
          sampling: generation.sampling,
          endTokens,
          stream: new TextStream(tokenizer.text, generation.stops),
          random: randomOf(generation.seed),
          events: {
            ...listener,
            onToken: (sampled, text) => listener.onPart(text, reportOf(tokenizer, generation, sampled)),
          },
        });
        engine.add(adapter?.name ?? '', row, makeLane);
        return row;
      };
      return { promptTokens: prompt.length, start };
    },
  };
}

const laneShape = ({ layers, keyValueHeads: heads, headSize, vocabulary }: DecoderConfig) => ({
  shape: { tensors: 2 * layers, heads, headSize },
  vocabulary,
});

/** @throws Refusal where the template refuses the conversation, or there is no template. */
function promptOf(tokenizer: LanguageTokenizer, { conversation }: Generation): number[] {
  if (!tokenizer.template) throw new Refusal('no_chat_template', 'The base model of this model has no chat template.');
  let text: string;
  try {
    text = tokenizer.template.render(conversation, { prompt: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Refusal('conversation_refused', `The chat template refuses the conversation: ${reason.slice(0, 300)}`);
  }
  return tokenizer.ids(text);
}

/** @throws Refusal where the prompt leaves no room for an answer. */
function roomFor(
  { positions }: DecoderConfig,
  settings: EngineSettings,
  { prompt, wanted }: { prompt: readonly number[]; wanted: number | null },
): number {
  const room = positions - prompt.length;
  if (prompt.length > 0 && room >= 1) return Math.min(room, wanted ?? settings.newTokensMax);
  throw new Refusal(
    'context_length_exceeded',
    `The conversation has ${prompt.length} tokens; the model's context has ${positions}, the answer included.`,
  );
}

function reportOf(tokenizer: LanguageTokenizer, { sampling }: Generation, sampled: Sampled): TokenReport | null {
  if (sampling.topLogprobs === null) return null;
  const textOf = (token: number, logprob: number) => ({ text: tokenizer.text([token]), logprob });
  return {
    ...textOf(sampled.token, sampled.logprob),
    alternatives: sampled.alternatives.map(({ token, logprob }) => textOf(token, logprob)),
  };
}

/** The tokens that end an answer: those of the first generation_config.json or config.json that names some. */
async function endTokensOf(folders: readonly string[]): Promise<Set<number>> {
  for (const name of ['generation_config.json', 'config.json']) {
    for (const folder of folders) {
      const text = await readFile(join(folder, name), 'utf8').catch(() => '{}');
      const parsed = EndTokens.safeParse(JSON.parse(text));
      if (parsed.success && parsed.data.eos_token_id != null) return new Set([parsed.data.eos_token_id].flat());
    }
  }
  return new Set();
}

const matrices = async (config: DecoderConfig, folder: string | undefined) =>
  folder === undefined ? emptyAdapterFeeds(config) : (await readAdapter(config, folder)).feeds;

const tensorsOf = (feeds: Readonly<Record<string, Matrix>>): Extra =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, { data, dims }]) => [name, new ort.Tensor('float32', data, [...dims])]),
  );
