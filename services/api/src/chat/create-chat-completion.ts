import { ChatCompletion, type CreateChatCompletion, limits, CreateChatCompletion as Schema } from '@agon/contracts';
import type { ChatEnd } from '@agon/inference';
import type { RouteDeps } from '../deps.ts';
import { route, written } from '../http/route.ts';
import { resolveModel } from '../models/resolve-model.ts';
import { checkSupported, generationOf } from './completion-request.ts';
import { fingerprint, logprobsOf, usageOf } from './completion-wire.ts';
import { generationError } from './generation-error.ts';
import { type Served, servedModel } from './served-model.ts';
import { streamCompletion } from './stream-completion.ts';

/** What every frame and answer of one completion repeats. */
export type CompletionHead = { id: string; created: number; model: string; system_fingerprint: string };
export type Completion = {
  readonly body: CreateChatCompletion;
  readonly head: CompletionHead;
  readonly served: Served;
  /** For answers whose client gave none. */
  readonly seed: number;
};

const stream = {
  contentType: 'text/event-stream',
  summary: 'With `stream: true`: frames of chat.completion.chunk, then `data: [DONE]`.',
};

export const createChatCompletion = route({
  method: 'post',
  path: '/v1/chat/completions',
  tag: 'Chat',
  operationId: 'createChatCompletion',
  summary: 'Let a winner or a base model answer a conversation',
  description:
    'As OpenAI has it. `model` is a winner (`model_…`, `ft:…`) or a base model (`org/name`). What no model here can do is refused by name.',
  auth: 'key',
  scopes: ['jobs:read'],
  bodyBytesMax: limits.chatBodyBytesMax,
  request: { body: Schema },
  response: ChatCompletion,
  answers: stream,
  status: 200,
  errors: [
    'model_not_found',
    'model_not_chat',
    'model_unavailable',
    'base_model_not_found',
    'unsupported_parameter',
    'context_length_exceeded',
    'conversation_refused',
    'rate_limited',
    'invalid_request',
    'invalid_json',
  ],
  async handle({ deps, caller, body, response, gone }) {
    checkSupported(body);
    const named = { reference: body.model, accountId: caller.accountId };
    const served = await servedModel(deps, await resolveModel(deps.stores, named));
    const completion = { body, served, ...headOf(deps, body.model) };
    if (!body.stream) return wholeCompletion(deps, completion, gone);
    await streamCompletion(deps, completion, { response, gone });
    return written;
  },
});

function headOf(deps: RouteDeps, model: string): Pick<Completion, 'head' | 'seed'> {
  const id = `chatcmpl-${Buffer.from(deps.randomBytes(15)).toString('hex')}`;
  const created = Math.floor(deps.clock.nowMs() / 1000);
  const seed = Buffer.from(deps.randomBytes(4)).readUInt32LE();
  return { head: { id, created, model, system_fingerprint: fingerprint(deps) }, seed };
}

async function wholeCompletion(deps: RouteDeps, completion: Completion, gone: AbortSignal): Promise<ChatCompletion> {
  const { body, head, served, seed } = completion;
  const choices = Array.from({ length: body.n ?? 1 }, async (_, index) => {
    const text: string[] = [];
    const tokens: ReturnType<typeof logprobsOf> = [];
    const end: ChatEnd = await deps.chat.generate(
      { ...served, generation: generationOf(body, index, seed) },
      {
        signal: gone,
        onPart: (part) => {
          text.push(part.text);
          tokens.push(...logprobsOf(part));
        },
      },
    );
    const message = { role: 'assistant' as const, content: text.join('') + end.text, refusal: null };
    const logprobs = body.logprobs ? { content: tokens, refusal: null } : null;
    return { end, choice: { index, message, logprobs, finish_reason: end.reason } };
  });
  try {
    const answered = await Promise.all(choices);
    return {
      ...head,
      object: 'chat.completion',
      choices: answered.map(({ choice }) => choice),
      usage: usageOf(answered.map(({ end }) => end)),
    };
  } catch (error) {
    throw generationError(error);
  }
}
