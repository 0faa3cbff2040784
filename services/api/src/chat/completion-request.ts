import {
  AppError,
  type ChatMessage,
  type CreateChatCompletion,
  limits,
  unsupportedChatParameters,
} from '@agon/contracts';
import type { Generation } from '@agon/inference';

/** Of a parameter that is set to what it does anyway: sent by some clients, and harmless. */
const isNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (Array.isArray(value) && value.length === 0) ||
  JSON.stringify(value) === '{}' ||
  JSON.stringify(value) === '{"type":"text"}' ||
  JSON.stringify(value) === '["text"]' ||
  value === 'none';

/** @throws AppError `unsupported_parameter` for what no model here can do. */
export function checkSupported(body: CreateChatCompletion): void {
  const given = body as Readonly<Record<string, unknown>>;
  const name = unsupportedChatParameters.find((each) => !isNothing(given[each]));
  if (name === undefined) return;
  throw new AppError('unsupported_parameter', `${name} is not supported here.`, { param: name });
}

/** One answer's part of a request. @param choice of `n`; each draws from a seed of its own. */
export function generationOf(body: CreateChatCompletion, choice: number, seed: number): Generation {
  const { stop, logprobs, top_logprobs: topLogprobs } = body;
  return {
    conversation: body.messages.map(plainMessage),
    newTokensMax: body.max_completion_tokens ?? body.max_tokens ?? limits.chatTokensDefault,
    stops: typeof stop === 'string' ? [stop] : (stop ?? []),
    seed: (body.seed ?? seed) + choice,
    sampling: {
      temperature: body.temperature ?? 1,
      topP: body.top_p ?? 1,
      frequencyPenalty: body.frequency_penalty ?? 0,
      presencePenalty: body.presence_penalty ?? 0,
      topLogprobs: logprobs ? (topLogprobs ?? 0) : null,
    },
  };
}

function plainMessage({ role, content }: CreateChatCompletion['messages'][number]): ChatMessage {
  return {
    role: role === 'developer' ? 'system' : role,
    content: typeof content === 'string' ? content : content.map(({ text }) => text).join(''),
  };
}
