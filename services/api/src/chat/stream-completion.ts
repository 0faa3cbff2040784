import { once } from 'node:events';
import { AppError, type ChatCompletionChunk } from '@agon/contracts';
import type { ChatEnd } from '@agon/inference';
import type { Response } from 'express';
import type { RouteDeps } from '../deps.ts';
import { errorEnvelope, toAppError } from '../http/error-responder.ts';
import { generationOf } from './completion-request.ts';
import { logprobsOf, usageOf } from './completion-wire.ts';
import type { Completion } from './create-chat-completion.ts';
import { generationError } from './generation-error.ts';

/** Keeps proxies from closing the connection while a model is loaded. */
const beatMs = 10_000;
/** A reader that is this far behind holds its answer up no longer: the answer ends. */
const unreadBytesMax = 1_048_576;

type Http = { readonly response: Response; readonly gone: AbortSignal };
type Choice = ChatCompletionChunk['choices'][number];

/**
 * Answers in frames as the tokens come. What fails before the first frame is an ordinary refusal; what fails later is a
 * frame with an `error`, as OpenAI's clients expect it. The work ends with the connection.
 */
export async function streamCompletion(
  deps: RouteDeps,
  completion: Completion,
  { response, gone }: Http,
): Promise<void> {
  const ending = AbortSignal.any([gone, deps.stopping]);
  const frames = new Frames(completion, response);
  const beat = setInterval(() => frames.beat(), beatMs);
  try {
    const ends = await Promise.all(
      Array.from({ length: completion.body.n ?? 1 }, (_, index) => choice(deps, { completion, frames, index, ending })),
    );
    await frames.end(ends);
  } catch (error) {
    if (gone.aborted) return;
    const told = generationError(error);
    if (!frames.begun) throw told;
    frames.fail(toAppError(told));
  } finally {
    clearInterval(beat);
    if (frames.begun) response.end();
  }
}

async function choice(
  deps: RouteDeps,
  work: { completion: Completion; frames: Frames; index: number; ending: AbortSignal },
): Promise<ChatEnd> {
  const { completion, frames, index, ending } = work;
  const { body, served, seed } = completion;
  const tooSlow = new AbortController();
  const end = await deps.chat.generate(
    { ...served, generation: generationOf(body, index, seed) },
    {
      signal: AbortSignal.any([ending, tooSlow.signal]),
      onPart: (part) => {
        const logprobs = body.logprobs ? { content: logprobsOf(part), refusal: null } : null;
        frames.delta({ index, delta: { content: part.text }, logprobs, finish_reason: null });
        if (frames.unreadBytes > unreadBytesMax) {
          tooSlow.abort(new AppError('upload_incomplete', 'The client reads too slowly.'));
        }
      },
    },
  );
  frames.delta({ index, delta: { content: end.text }, logprobs: null, finish_reason: null });
  frames.delta({ index, delta: {}, logprobs: null, finish_reason: end.reason });
  return end;
}

/** Writes the frames of one completion. */
class Frames {
  readonly #completion: Completion;
  readonly #response: Response;
  readonly #spoke = new Set<number>();

  constructor(completion: Completion, response: Response) {
    this.#completion = completion;
    this.#response = response;
  }

  get begun(): boolean {
    return this.#response.headersSent;
  }

  get unreadBytes(): number {
    return this.#response.writableLength;
  }

  /** A delta without text and without an end is left out; the first of a choice names the speaker. */
  delta(choice: Choice): void {
    if (!this.#spoke.has(choice.index)) {
      this.#spoke.add(choice.index);
      this.#frame([{ ...choice, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }]);
    }
    if (choice.delta.content || choice.finish_reason || choice.logprobs) this.#frame([choice]);
  }

  beat(): void {
    this.#write(': the model is at work\n\n');
  }

  async end(ends: readonly ChatEnd[]): Promise<void> {
    if (this.#wantsUsage) this.#frame([], { usage: usageOf(ends) });
    this.#write('data: [DONE]\n\n');
    if (this.#response.writableNeedDrain) await once(this.#response, 'drain').catch(() => undefined);
  }

  fail(error: AppError): void {
    this.#write(`data: ${JSON.stringify(errorEnvelope(error))}\n\n`);
  }

  get #wantsUsage(): boolean {
    return this.#completion.body.stream_options?.include_usage === true;
  }

  #frame(choices: Choice[], more: Pick<ChatCompletionChunk, 'usage'> = this.#wantsUsage ? { usage: null } : {}): void {
    const { head } = this.#completion;
    const chunk: ChatCompletionChunk = { ...head, object: 'chat.completion.chunk', choices, ...more };
    this.#write(`data: ${JSON.stringify(chunk)}\n\n`);
  }

  #write(text: string): void {
    const response = this.#response;
    if (response.destroyed) return;
    if (!response.headersSent) {
      response.status(200).set({ 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
      response.set('cache-control', 'no-store').flushHeaders();
    }
    response.write(text);
  }
}
