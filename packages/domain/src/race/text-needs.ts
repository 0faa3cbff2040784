import type { BaseModelFacts, TaskName, TextLimits } from '@agon/contracts';
import type { Needs } from './race-types.ts';

const MIB = 2 ** 20;
/** The interpreter with PyTorch and transformers. */
const torchMib = 1_024;
/** The interpreter with scikit-learn. */
const linearMib = 512;
const stepMib = 128;
const floatBytes = 4;
/** Weight, gradient and the two moments of Adam in float32. */
const trainedBytes = 16;
/** Models up to this size are trained whole by some trainers; larger ones with adapters. */
const wholeParametersMax = 64_000_000;
/** The rank that trainers begin with. */
const usualRank = 16;
/** A and B of the seven linear layers of a block, in widths of the model: the feed-forward's are wider. */
const adapterWidthsPerLayer = 22;
/** What a block keeps for the backward pass, per token and width: 34 values of two bytes, without attention matrices. */
const activationBytesPerWidth = 68;
/** Logits, their float32 copy and their gradient. */
const logitBytes = 12;
/** A step has at least so many tokens, in one row or several. */
const stepTokensMin = 1_024;
/** Words, n-grams and their counts, in bytes per byte of text. */
const linearCopies = 24;
const textCopies = 4;
/** Two cores, in float32. */
const flopsPerMinute = 50e9 * 60;
const charactersPerToken = 4;

type Base = Pick<BaseModelFacts, 'parameters' | 'hidden_size' | 'layers' | 'vocabulary'>;

/** What a run of a text task needs, and how long one pass over the training rows takes, where that is known. */
export type TextNeeds = Needs & { readonly epochMinutes: number | null };

/**
 * What a run of a text task needs, as an estimate that decides which miners are asked:
 *
 * - 1 GiB for the interpreter with PyTorch, the weights in float32 (4 bytes a parameter), and the training part;
 * - what is trained, at 16 bytes a parameter (weight, gradient, two moments of Adam): all of a model of at most 64
 *   million parameters, else adapters of rank 16 (or `lora_rank_max`) on every linear layer;
 * - activations of one step of `max_tokens` tokens (1,024 at least; twice for the two answers of preference): 68 bytes
 *   per token, layer and width (Korthikanti et al., 2022, equation 2, in float32 and without attention matrices, which
 *   fused attention does not keep), and 12 bytes per token and word of the vocabulary for logits (causal models).
 *
 * Without a base model (text-classification by words) 512 MiB and 24 bytes per byte of text. Rounded up to 128 MiB.
 * A GPU is welcome, not needed. An epoch costs 6 floating-point operations per parameter and token (Kaplan et al.,
 * 2020) at 50 GFLOP/s, a token being four bytes of text and rows being cut at `max_tokens`.
 */
export function deriveTextNeeds(input: {
  task: TaskName;
  trainBytes: number;
  rows: number;
  base: Base | null;
  text: TextLimits;
}): TextNeeds {
  const { task, trainBytes, base, text } = input;
  if (base === null) {
    return { ...machineOf(linearMib + (trainBytes * linearCopies) / MIB), epochMinutes: null };
  }
  const answers = task === 'preference' ? 2 : 1;
  const bytes =
    base.parameters * floatBytes +
    trainedParameters(base, text) * trainedBytes +
    stepBytes(task, base, answers * Math.max(text.max_tokens, stepTokensMin)) +
    trainBytes * textCopies;
  const tokens = answers * Math.min(trainBytes / charactersPerToken, input.rows * text.max_tokens);
  const epochMinutes = (6 * base.parameters * tokens) / flopsPerMinute;
  return { ...machineOf(torchMib + bytes / MIB), epochMinutes: Number(epochMinutes.toPrecision(2)) };
}

const machineOf = (mib: number): Needs => ({ memoryMib: Math.ceil(mib / stepMib) * stepMib, vramMib: 0, cpus: 1 });

function trainedParameters({ parameters, hidden_size, layers }: Base, { lora_rank_max }: TextLimits): number {
  if (parameters <= wholeParametersMax) return parameters;
  return layers * hidden_size * adapterWidthsPerLayer * Math.min(usualRank, lora_rank_max);
}

function stepBytes(task: TaskName, { hidden_size, layers, vocabulary }: Base, tokens: number): number {
  const logits = task === 'text-classification' ? 0 : vocabulary * logitBytes;
  return tokens * (hidden_size * layers * activationBytesPerWidth + logits);
}
