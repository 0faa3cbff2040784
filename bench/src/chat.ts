import { sendModelFolder } from '@agon/cli/send-model-folder';
import { type Client, createClient } from '@agon/client';
import { openTokenizer } from '@agon/language';
import { bestOf, cpuSecondsOfFamily, type Measured } from './measured.ts';
import { languageModelFolder, pythonAsker } from './python.ts';
import { quietContext } from './quiet-context.ts';
import { type Bench, resultOf } from './result.ts';
import { withStack } from './stack.ts';

const threads = Number(process.env.AGON_BENCH_THREADS ?? 2);
const rounds = Number(process.env.AGON_BENCH_ROUNDS ?? 3);
const newTokens = 128;
const clients = 8;
const model = 'bench/language-model';

const messagesOf = (client: number) => [
  { role: 'user' as const, content: `Tell me a long story about a dragon, number ${client}.` },
];

/** Tokens/s of `POST /v1/chat/completions`, streamed, beside transformers' `generate` on the same prompts and threads. */
export const chat: Bench = (say) =>
  withStack(
    async (stack, folder) => {
      const shared = { threads, rounds };
      const weights = await languageModelFolder(folder, shared);
      const api = createClient({ baseUrl: stack.url, apiKey: stack.adminKey });
      await sendModelFolder(api, quietContext(), { folder: weights, name: model, revision: undefined });
      const cpuSeconds = () => cpuSecondsOfFamily(stack.pids().api);
      const tokens = { one: 0, all: 0 };
      await answer(api, 0);
      say('one client …');
      const one = await bestOf(rounds, cpuSeconds, async () => {
        tokens.one = await answer(api, 0);
      });
      say(`${clients} clients …`);
      const all = await bestOf(rounds, cpuSeconds, async () => {
        const counts = await Promise.all(Array.from({ length: clients }, (_, client) => answer(api, client)));
        tokens.all = counts.reduce((sum, count) => sum + count, 0);
      });
      say('transformers …');
      const ask = pythonAsker<Measured & { units: number }>('serve.py', folder, shared);
      const prompts = await promptsOf(weights);
      const generate = (count: number) =>
        ask('generate', { model: weights, prompts: prompts.slice(0, count), tokens: newTokens });
      const theirs = { one: await generate(1), all: await generate(clients) };
      return results(
        { one: speedsOf(one, tokens.one), all: speedsOf(all, tokens.all) },
        {
          one: speedsOf(theirs.one, theirs.one.units),
          all: speedsOf(theirs.all, theirs.all.units),
        },
      );
    },
    { CHAT_THREADS: String(threads) },
  );

type Speeds = { readonly perSecond: number; readonly perCpuSecond: number };
type Both = { readonly one: Speeds; readonly all: Speeds };

const speedsOf = (measured: Measured, tokens: number): Speeds => ({
  perSecond: tokens / measured.seconds,
  perCpuSecond: tokens / measured.cpu_seconds,
});

function results(ours: Both, theirs: Both) {
  const details = { threads, new_tokens: newTokens };
  const unit = 'tokens/s';
  return [
    resultOf(
      { bench: 'chat', unit: `${unit} of one client`, aim: 'ratio >= 1.0' },
      {
        ours: ours.one.perSecond,
        yardstick: theirs.one.perSecond,
        details: { ...details, ratio_by_cpu_time: ratio(ours.one.perCpuSecond, theirs.one.perCpuSecond) },
      },
      (figures) => figures.ratio >= 1,
    ),
    resultOf(
      { bench: `chat ${clients} clients`, unit: `${unit} in all, beside one client`, aim: 'ratio >= 2' },
      {
        ours: ours.all.perSecond,
        yardstick: ours.one.perSecond,
        details: {
          ...details,
          ratio_by_cpu_time: ratio(ours.all.perCpuSecond, ours.one.perCpuSecond),
          transformers_as_one_batch: ratio(theirs.all.perSecond, 1),
          ratio_to_it_by_cpu_time: ratio(ours.all.perCpuSecond, theirs.all.perCpuSecond),
        },
      },
      (figures) => figures.ratio >= 2,
    ),
  ];
}

const ratio = (left: number, right: number): number => Number((left / right).toPrecision(4));

/** Streams an answer to its end; answers how many tokens it had. */
async function answer(api: Client, client: number): Promise<number> {
  const request = { model, messages: messagesOf(client), temperature: 0, max_completion_tokens: newTokens };
  let tokens = 0;
  for await (const { usage } of api.chat.stream({ ...request, stream_options: { include_usage: true } })) {
    tokens = usage?.completion_tokens ?? tokens;
  }
  return tokens;
}

async function promptsOf(folder: string): Promise<number[][]> {
  const tokenizer = await openTokenizer(folder);
  return Array.from({ length: clients }, (_, client) =>
    tokenizer.ids(tokenizer.template?.render(messagesOf(client), { prompt: true }) ?? ''),
  );
}
