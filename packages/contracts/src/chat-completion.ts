import { z } from 'zod';
import { UnixSeconds } from './ids.ts';
import { limits } from './limits.ts';

const TextPart = z.object({ type: z.literal('text'), text: z.string() });
const Content = z.union([z.string(), z.array(TextPart).min(1)]);

/** A turn as OpenAI's clients send it; `developer` is what models call the system. */
export const CompletionMessage = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant']),
  content: Content,
});
export type CompletionMessage = z.infer<typeof CompletionMessage>;

/** What no model here can do. Sent all the same, it would be ignored silently, so it is refused by name. */
export const unsupportedChatParameters = [
  ...['tools', 'tool_choice', 'functions', 'function_call', 'response_format', 'audio', 'modalities', 'prediction'],
  ...['web_search_options', 'logit_bias', 'reasoning_effort', 'verbosity'],
] as const;

const count = z.int().min(1).max(limits.textTokensMax);

/** OpenAI's request for a chat completion. Fields that change nothing here (`user`, `metadata`, `store`, …) are let be. */
export const CreateChatCompletion = z
  .object({
    model: z.string().min(1).max(limits.modelReferenceCharactersMax),
    messages: z.array(CompletionMessage).min(1).max(limits.chatMessagesMax),
    temperature: z.number().min(0).max(2).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    n: z.int().min(1).max(limits.chatChoicesMax).nullish(),
    max_tokens: count.nullish(),
    max_completion_tokens: count.nullish(),
    stop: z.union([z.string().min(1).max(500), z.array(z.string().min(1).max(500)).max(4)]).nullish(),
    seed: z.int().nullish(),
    frequency_penalty: z.number().min(-2).max(2).nullish(),
    presence_penalty: z.number().min(-2).max(2).nullish(),
    logprobs: z.boolean().nullish(),
    top_logprobs: z.int().min(0).max(20).nullish(),
    stream: z.boolean().nullish(),
    stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
    ...Object.fromEntries(unsupportedChatParameters.map((name) => [name, z.unknown().optional()])),
  })
  .meta({ id: 'CreateChatCompletion' });
export type CreateChatCompletion = z.infer<typeof CreateChatCompletion>;

const Token = z.object({ token: z.string(), logprob: z.number(), bytes: z.array(z.int()).nullable() });
export const TokenLogprob = Token.extend({ top_logprobs: z.array(Token) });
export type TokenLogprob = z.infer<typeof TokenLogprob>;

const Logprobs = z.object({ content: z.array(TokenLogprob), refusal: z.null() });
const FinishReason = z.enum(['stop', 'length']);

export const Usage = z
  .object({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() })
  .meta({ id: 'Usage' });
export type Usage = z.infer<typeof Usage>;

export const ChatCompletion = z
  .object({
    id: z.string(),
    object: z.literal('chat.completion'),
    created: UnixSeconds,
    model: z.string(),
    system_fingerprint: z.string(),
    choices: z.array(
      z.object({
        index: z.int(),
        message: z.object({ role: z.literal('assistant'), content: z.string(), refusal: z.null() }),
        logprobs: Logprobs.nullable(),
        finish_reason: FinishReason,
      }),
    ),
    usage: Usage,
  })
  .meta({ id: 'ChatCompletion' });
export type ChatCompletion = z.infer<typeof ChatCompletion>;

/** One frame of a streamed completion. */
export const ChatCompletionChunk = z
  .object({
    id: z.string(),
    object: z.literal('chat.completion.chunk'),
    created: UnixSeconds,
    model: z.string(),
    system_fingerprint: z.string(),
    choices: z.array(
      z.object({
        index: z.int(),
        delta: z.object({ role: z.literal('assistant').optional(), content: z.string().optional() }),
        logprobs: Logprobs.nullable(),
        finish_reason: FinishReason.nullable(),
      }),
    ),
    usage: Usage.nullable().optional(),
  })
  .meta({ id: 'ChatCompletionChunk' });
export type ChatCompletionChunk = z.infer<typeof ChatCompletionChunk>;
