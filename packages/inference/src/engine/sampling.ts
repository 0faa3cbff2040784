/** How the next token is chosen. */
export type Sampling = {
  /** 0 takes the likeliest token. */
  readonly temperature: number;
  /** The likeliest tokens whose probabilities sum to this are drawn from. */
  readonly topP: number;
  /** Taken from a token's logit for each time that it was said (OpenAI's `frequency_penalty`). */
  readonly frequencyPenalty: number;
  /** Taken once from the logit of every token that was said. */
  readonly presencePenalty: number;
  /** How many alternatives are reported beside each token; null reports none. */
  readonly topLogprobs: number | null;
};

export type Chosen = { readonly token: number; readonly logprob: number };
/** `alternatives` are the likeliest tokens of the position, the likeliest first. */
export type Sampled = Chosen & { readonly alternatives: readonly Chosen[] };

/** Tokens less likely than this share of the likeliest are looked at only where the others do not fill `topP`. */
const candidateShare = 1e-5;

/**
 * Chooses a token. Reported log probabilities are the model's own, before temperature and penalties.
 *
 * @param logits of one position, one number a token of the vocabulary; left as they are.
 * @param said how often each token was said in this answer.
 * @param random gives numbers in [0, 1).
 */
export function sample(
  logits: Float32Array,
  sampling: Sampling,
  state: { said: ReadonlyMap<number, number>; random: () => number },
): Sampled {
  const adjusted = penalised(logits, sampling, state.said);
  const token = sampling.temperature === 0 ? likeliest(adjusted) : drawn(adjusted, sampling, state.random);
  if (sampling.topLogprobs === null) return { token, logprob: 0, alternatives: [] };
  const logprobOf = logprobs(logits);
  const alternatives = largest(logits, sampling.topLogprobs).map((each) => ({ token: each, logprob: logprobOf(each) }));
  return { token, logprob: logprobOf(token), alternatives };
}

function penalised(logits: Float32Array, sampling: Sampling, said: ReadonlyMap<number, number>): Float32Array {
  const { frequencyPenalty, presencePenalty } = sampling;
  if ((frequencyPenalty === 0 && presencePenalty === 0) || said.size === 0) return logits;
  const adjusted = logits.slice();
  for (const [token, count] of said) {
    adjusted[token] = (adjusted[token] ?? 0) - frequencyPenalty * count - presencePenalty;
  }
  return adjusted;
}

function likeliest(logits: Float32Array): number {
  let best = 0;
  for (let index = 1; index < logits.length; index += 1) {
    if ((logits[index] as number) > (logits[best] as number)) best = index;
  }
  return best;
}

/** Nucleus sampling (Holtzman et al. 2020) at a temperature. */
function drawn(logits: Float32Array, { temperature, topP }: Sampling, random: () => number): number {
  const { weights, total } = weightsOf(logits, temperature);
  if (topP >= 1) return pick(weights, random() * total);
  const byWeight = (least: number): number[] =>
    atLeast(weights, least).sort(
      (left, right) => (weights[right] as number) - (weights[left] as number) || left - right,
    );
  const wanted = topP * total;
  const nucleus = nucleusOf(byWeight(candidateShare), weights, wanted) ?? nucleusOf(byWeight(0), weights, wanted);
  const { tokens, sum } = nucleus ?? { tokens: [likeliest(logits)], sum: 1 };
  const at = pick(
    tokens.map((token) => weights[token] as number),
    random() * sum,
  );
  return tokens[at] as number;
}

/** Probabilities without their common factor; that of the likeliest token is 1. */
function weightsOf(logits: Float32Array, temperature: number): { weights: Float32Array; total: number } {
  const most = logits[likeliest(logits)] as number;
  const weights = new Float32Array(logits.length);
  let total = 0;
  for (let token = 0; token < logits.length; token += 1) {
    const weight = Math.exp(((logits[token] as number) - most) / temperature);
    weights[token] = weight;
    total += weight;
  }
  return { weights, total };
}

function atLeast(weights: Float32Array, least: number): number[] {
  const tokens: number[] = [];
  for (let token = 0; token < weights.length; token += 1) if ((weights[token] as number) >= least) tokens.push(token);
  return tokens;
}

/** The first tokens whose weights reach `wanted`; undefined where all of them do not. */
function nucleusOf(
  tokens: readonly number[],
  weights: Float32Array,
  wanted: number,
): { tokens: readonly number[]; sum: number } | undefined {
  let sum = 0;
  for (const [index, token] of tokens.entries()) {
    sum += weights[token] as number;
    if (sum >= wanted) return { tokens: tokens.slice(0, index + 1), sum };
  }
  return undefined;
}

/** The index in whose share `at` falls. */
function pick(weights: ArrayLike<number>, at: number): number {
  let left = at;
  let last = 0;
  for (let index = 0; index < weights.length; index += 1) {
    const weight = weights[index] as number;
    if (weight <= 0) continue;
    last = index;
    left -= weight;
    if (left < 0) return index;
  }
  return last;
}

/** log softmax, token by token. */
function logprobs(logits: Float32Array): (token: number) => number {
  const most = logits[likeliest(logits)] as number;
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - most), 0);
  const shift = most + Math.log(sum);
  return (token) => (logits[token] as number) - shift;
}

/** The `count` tokens with the largest logits, in order. */
function largest(logits: Float32Array, count: number): number[] {
  const kept: number[] = [];
  if (count === 0) return kept;
  for (const [token, logit] of logits.entries()) {
    const least = kept.at(-1);
    if (kept.length === count && least !== undefined && logit <= (logits[least] as number)) continue;
    const at = kept.findIndex((each) => (logits[each] as number) < logit);
    kept.splice(at < 0 ? kept.length : at, 0, token);
    if (kept.length > count) kept.pop();
  }
  return kept;
}

/** Numbers in [0, 1) that follow from the seed (mulberry32, public domain). */
export function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
