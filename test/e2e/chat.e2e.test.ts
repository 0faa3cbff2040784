import { execFile } from 'node:child_process';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startService, type TestService } from './harness/service.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const agonTiny = join(root, 'models', 'agon-tiny');
/** Room for one model at a time. */
const memoryMib = '2000';
const request = {
  model: 'agon/agon-tiny',
  messages: [{ role: 'user' as const, content: 'What does it mean to reign?' }],
  temperature: 0,
  max_completion_tokens: 16,
};

/** What is said becomes likelier each time, so that no end comes before the last token. */
const long = { ...request, frequency_penalty: -2, max_completion_tokens: 1_000 };

let service: TestService;
beforeAll(async () => {
  service = await startService({ CHAT_THREADS: '1', CHAT_MEMORY_MIB: memoryMib });
  await imported(agonTiny, 'agon/agon-tiny');
});
afterAll(() => service?.stop());

type Ran = { readonly exitCode: number; readonly out: string; readonly err: string };

/** Runs the command as a person would; `input` is what stands on its standard input. */
function agon(words: readonly string[], input = ''): Promise<Ran> {
  const env = { PATH: process.env.PATH, AGON_HOME: service.folder };
  const command = [join(root, 'cli', 'bin', 'agon.js'), ...words];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, command, { env, cwd: service.folder }, (error, out, err) => {
      resolve({ exitCode: error ? Number(error.code) : 0, out, err });
    });
    child.stdin?.end(input);
  });
}

async function imported(folder: string, name: string): Promise<void> {
  const ran = await agon(['models', 'import', folder, '--name', name]);
  expect(ran.exitCode, ran.err).toBe(0);
}

async function figure(name: string): Promise<number> {
  const text = await (await fetch(`${service.stack.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

const textOf = async (changes: object = {}): Promise<string> =>
  (await service.client.chat.create({ ...request, ...changes })).choices[0]?.message.content ?? '';

describe('a conversation', () => {
  test('is the same as a whole and as a stream', async () => {
    let streamed = '';
    for await (const { choices } of service.client.chat.stream(request)) streamed += choices[0]?.delta.content ?? '';
    expect(streamed).not.toBe('');
    expect(streamed).toBe(await textOf());
  });

  test('can be had from the command line, asked by an option or by standard input', async () => {
    const options = ['--temperature', '0', '--max-tokens', '16'];
    const answer = await textOf();
    const asked = await agon(['chat', request.model, ...options, '--message', request.messages[0]?.content ?? '']);
    expect(asked).toEqual({ exitCode: 0, out: `${answer}\n`, err: '' });
    const piped = await agon(['chat', request.model, ...options, '--json'], request.messages[0]?.content);
    expect(JSON.parse(piped.out)).toMatchObject({ choices: [{ message: { content: answer } }] });
    expect(await agon(['chat', 'nobody/nothing', '--message', 'hi'])).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('model_not_found'),
    });
  });
});

describe('many clients', () => {
  test('fifty at once get the answer that one gets', async () => {
    const answer = await textOf();
    const answers = await Promise.all(Array.from({ length: 50 }, () => textOf()));
    expect(new Set(answers)).toEqual(new Set([answer]));
  });

  test('more than may wait are told to come back', async () => {
    const answers = await Promise.allSettled(
      Array.from({ length: 90 }, (_, seed) => textOf({ temperature: 1, seed, max_completion_tokens: 64 })),
    );
    const refused = answers.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(64);
    for (const error of refused)
      expect(error).toMatchObject({ status: 429, code: 'rate_limited', retryAfterSeconds: 2 });
  });

  test('one that leaves in the middle ends the work on its answer', async () => {
    const leaver = new AbortController();
    let seen = Number.NaN;
    const read = async (): Promise<void> => {
      for await (const { choices } of service.client.chat.stream(long, { signal: leaver.signal })) {
        if (!choices[0]?.delta.content) continue;
        seen = await figure('agon_chat_answers');
        leaver.abort();
      }
    };
    await expect(read()).rejects.toThrow();
    expect(seen).toBe(1);
    await expect.poll(() => figure('agon_chat_answers'), { timeout: 20_000 }).toBe(0);
  });
});

test('a model that had to go for another one is loaded again when it is asked for', async () => {
  const other = join(service.folder, 'other');
  await cp(agonTiny, other, { recursive: true });
  const config = JSON.parse(await readFile(join(other, 'generation_config.json'), 'utf8'));
  await writeFile(join(other, 'generation_config.json'), JSON.stringify({ ...config, other: true }));
  await imported(other, 'agon/other');
  const answer = await textOf();
  expect(await textOf({ model: 'agon/other' })).toBe(answer);
  expect(await figure('agon_chat_models')).toBe(1);
  expect(await textOf()).toBe(answer);
});

test('a model whose process is killed fails cleanly, and the next request gets its answer', async () => {
  const answer = await textOf();
  const failed = (async () => {
    let killed = false;
    for await (const { choices } of service.client.chat.stream(long)) {
      if (killed || !choices[0]?.delta.content) continue;
      killed = true;
      await killModel();
    }
  })();
  await expect(failed).rejects.toMatchObject({ code: 'model_unavailable' });
  expect(await textOf()).toBe(answer);
});

/** Ends the process that holds the model: the child of the api that runs its script (Linux). */
async function killModel(): Promise<void> {
  const api = service.stack.pids().api;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (parent === String(api) && command.includes('model-child')) process.kill(Number(pid), 'SIGKILL');
  }
}
