import { createHash, randomBytes } from 'node:crypto';
import { type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Stack } from '@agon/cli/stack';
import { withBareHttp } from './bare-http.ts';
import { type Bench, quantile, resultOf } from './result.ts';
import { residentMb, withStack } from './stack.ts';

const megabytes = 1_000;
const blockBytes = 1_000_000;
const lookMs = 100;
const rounds = 5;
const block = randomBytes(blockBytes);
const bytes = megabytes * blockBytes;

function* blocks(): Generator<Uint8Array> {
  for (let index = 0; index < megabytes; index += 1) {
    block.writeUInt32LE(index, 0);
    yield Buffer.from(block);
  }
}

function hashOfBlocks(): string {
  const hash = createHash('sha256');
  for (const each of blocks()) hash.update(each);
  return hash.digest('hex');
}

/** MB/s of one transfer. */
async function speedOf(transfer: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await transfer();
  return megabytes / ((performance.now() - startedMs) / 1_000);
}

async function answerOf(call: ReturnType<typeof request>): Promise<IncomingMessage> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    call.once('error', reject);
    call.once('response', resolve);
  });
  if ((answer.statusCode ?? 500) >= 300) throw new Error(`The transfer was answered with ${answer.statusCode}.`);
  return answer;
}

async function put(url: string): Promise<void> {
  const call = request(url, { method: 'PUT', headers: { 'content-length': bytes } });
  const answered = answerOf(call);
  await pipeline(Readable.from(blocks(), { objectMode: false, highWaterMark: blockBytes }), call);
  for await (const _ of await answered);
}

async function get(url: string): Promise<void> {
  const call = request(url);
  call.end();
  let received = 0;
  for await (const chunk of await answerOf(call)) received += chunk.length;
  if (received !== bytes) throw new Error(`Of ${bytes} bytes ${received} came.`);
}

const repo = 'agon/bench';

/** The calls that a client makes around the bytes. */
function clientOf({ url, adminKey }: Pick<Stack, 'url' | 'adminKey'>) {
  const post = async (path: string, body: string) => {
    const headers = { authorization: `Bearer hf_${adminKey}` };
    const answer = await fetch(`${url}/hub${path}`, { method: 'POST', headers, body });
    if (!answer.ok) throw new Error(`${path} was answered with ${answer.status}: ${await answer.text()}`);
    return answer.json() as Promise<{ objects?: { actions?: { upload: { href: string } } }[] }>;
  };
  return {
    create: () => post('/api/repos/create', JSON.stringify({ name: 'bench' })),
    address: async (oid: string): Promise<string> => {
      const body = JSON.stringify({ operation: 'upload', objects: [{ oid, size: bytes }] });
      const { objects } = await post(`/${repo}.git/info/lfs/objects/batch`, body);
      return objects?.[0]?.actions?.upload.href ?? '';
    },
    commit: (oid: string) => {
      const lines = [
        { key: 'header', value: { summary: 'Add' } },
        { key: 'lfsFile', value: { path: 'big.bin', algo: 'sha256', oid, size: bytes } },
      ];
      return post(`/api/models/${repo}/commit/main`, lines.map((line) => JSON.stringify(line)).join('\n'));
    },
  };
}

type Speeds = { bare: number[]; ours: number[] };

/** The same transfer by both, in turns, so that what else the machine does meets both alike. */
async function inTurns(
  transfer: (url: string) => Promise<void>,
  urls: { bare: string; ours: string },
): Promise<Speeds> {
  const speeds: Speeds = { bare: [], ours: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const who of ['bare', 'ours'] as const) speeds[who].push(await speedOf(() => transfer(urls[who])));
  }
  return speeds;
}

async function measure(stack: Stack, bare: string, say: (text: string) => void) {
  const oid = hashOfBlocks();
  const client = clientOf(stack);
  await client.create();
  const pid = stack.pids().api ?? 0;
  const before = await residentMb(pid);
  let peak = before;
  const timer = setInterval(() => void residentMb(pid).then((now) => (peak = Math.max(peak, now))), lookMs);
  try {
    say(`${rounds} uploads by each, in turns …`);
    const up = await inTurns(put, { bare, ours: await client.address(oid) });
    await client.commit(oid);
    say(`${rounds} downloads by each, in turns …`);
    const down = await inTurns(get, { bare, ours: `${stack.url}/hub/${repo}/resolve/main/big.bin` });
    return { speeds: { up, down }, before, peak };
  } finally {
    clearInterval(timer);
  }
}

/**
 * MB/s of uploads and downloads of 1 GB by the registry, beside bare `node:http` and a file: the medians of each. Memory of
 * the api meanwhile.
 */
export const hub: Bench = async (say) => {
  const { speeds, before, peak } = await withBareHttp((bare) => withStack((stack) => measure(stack, bare, say)));
  const results = (['up', 'down'] as const).map((way) =>
    resultOf(
      { bench: `hub-${way}load`, unit: `MB/s of 1 GB, the median of ${rounds}`, aim: 'ratio >= 0.6' },
      { ours: quantile(speeds[way].ours, 0.5), yardstick: quantile(speeds[way].bare, 0.5) },
      ({ ratio }) => ratio >= 0.6,
    ),
  );
  const memory = resultOf(
    { bench: 'hub-memory', unit: 'MB resident of the api at most, beside before', aim: 'ratio <= 2' },
    { ours: peak, yardstick: before },
    ({ ratio }) => ratio <= 2,
  );
  return [...results, memory];
};
