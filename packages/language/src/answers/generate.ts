import ort from 'onnxruntime-node';

export type GenerateOptions = {
  readonly session: ort.InferenceSession;
  /** Shape of the cache of a layer for no tokens: `[1, keyValueHeads, 0, headSize]`. */
  readonly emptyCache: readonly number[];
  readonly extra: Readonly<Record<string, ort.Tensor>>;
  readonly prompt: readonly number[];
  readonly newTokensMax: number;
  readonly endTokens: ReadonlySet<number>;
};

/**
 * Continues a prompt greedily: the likeliest token each time, until an end token or the limit.
 *
 * @returns the new tokens, without the end token
 */
export async function generate(options: GenerateOptions): Promise<number[]> {
  const { session } = options;
  const layers = session.inputNames.filter((name) => /^past_key_values\.\d+\.key$/.test(name)).length;
  let cache = emptyCaches(layers, options.emptyCache);
  let fresh = [...options.prompt];
  let seen = 0;
  const answer: number[] = [];
  while (answer.length < options.newTokensMax) {
    const outputs = await session.run({ ...tokenFeeds(fresh, seen), ...cache, ...options.extra });
    seen += fresh.length;
    cache = nextCaches(layers, outputs);
    const next = largest(outputs.logits?.data as Float32Array);
    if (options.endTokens.has(next)) return answer;
    answer.push(next);
    fresh = [next];
  }
  return answer;
}

function tokenFeeds(fresh: readonly number[], seen: number): Record<string, ort.Tensor> {
  const count = fresh.length;
  const positions = fresh.map((_, index) => seen + index);
  return {
    input_ids: new ort.Tensor('int64', BigInt64Array.from(fresh, BigInt), [1, count]),
    attention_mask: new ort.Tensor('int64', new BigInt64Array(seen + count).fill(1n), [1, seen + count]),
    position_ids: new ort.Tensor('int64', BigInt64Array.from(positions, BigInt), [1, count]),
  };
}

type Caches = Record<string, ort.Tensor>;

const emptyCaches = (layers: number, shape: readonly number[]): Caches =>
  cachesOf(layers, () => new ort.Tensor('float32', new Float32Array(0), [...shape]));

const nextCaches = (layers: number, outputs: ort.InferenceSession.OnnxValueMapType): Caches =>
  cachesOf(layers, (layer, part) => outputs[`present.${layer}.${part}`] as ort.Tensor);

function cachesOf(layers: number, make: (layer: number, part: 'key' | 'value') => ort.Tensor): Caches {
  const names = Array.from({ length: layers }, (_, layer) => layer);
  return Object.fromEntries(
    names.flatMap((layer) =>
      (['key', 'value'] as const).map((part) => [`past_key_values.${layer}.${part}`, make(layer, part)]),
    ),
  );
}

function largest(logits: Float32Array): number {
  let best = 0;
  for (let index = 1; index < logits.length; index += 1) {
    if ((logits[index] as number) > (logits[best] as number)) best = index;
  }
  return best;
}
