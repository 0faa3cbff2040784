import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { withBareHttp } from './bare-http.ts';
import { type Bench, resultOf } from './result.ts';
import { residentMb, withStack } from './stack.ts';

const megabytes = 2_000;
const block = randomBytes(1_000_000);

function* blocks(head: string, tail: string): Generator<Uint8Array> {
  if (head !== '') yield Buffer.from(head);
  for (let index = 0; index < megabytes; index += 1) {
    block.writeUInt32LE(index, 0);
    yield Buffer.from(block);
  }
  if (tail !== '') yield Buffer.from(tail);
}

/** Sends 2 GB as a stream without a length; answers MB/s. */
async function send(
  url: string,
  input: { headers: Record<string, string>; head: string; tail: string },
): Promise<number> {
  const startedMs = performance.now();
  const call = request(url, { method: 'POST', headers: input.headers });
  const answered = new Promise<number>((resolve, reject) => {
    call.once('error', reject);
    call.once('response', (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
  });
  await pipeline(Readable.from(blocks(input.head, input.tail), { objectMode: false, highWaterMark: 1_000_000 }), call);
  const status = await answered;
  if (status >= 300) throw new Error(`The upload was answered with ${status}.`);
  return megabytes / ((performance.now() - startedMs) / 1000);
}

/** MB/s of \`POST /v1/files\`, which also parses multipart and hashes, beside bare \`node:http\`; memory while 2 GB pass. */
export const upload: Bench = async (say) => {
  say('bare node:http into a file …');
  const yardstick = await withBareHttp((url) => send(url, { headers: {}, head: '', tail: '' }));
  return withStack(async (stack) => {
    say('POST /v1/files …');
    const pid = stack.pids().api ?? 0;
    const before = await residentMb(pid);
    let peak = before;
    const timer = setInterval(() => void residentMb(pid).then((now) => (peak = Math.max(peak, now))), 100);
    const boundary = 'agon-bench-boundary';
    const ours = await send(`${stack.url}/v1/files`, {
      headers: {
        authorization: `Bearer ${stack.adminKey}`,
        'content-type': `multipart/form-data; boundary=${boundary}`,
      },
      head: `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="big.bin"\r\ncontent-type: application/octet-stream\r\n\r\n`,
      tail: `\r\n--${boundary}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n--${boundary}--\r\n`,
    });
    clearInterval(timer);
    const details = { resident_mb_before: Math.round(before), resident_mb_peak: Math.round(peak) };
    const speed = resultOf(
      { bench: 'upload', unit: 'MB/s', aim: 'ratio >= 0.7' },
      { ours, yardstick, details },
      ({ ratio }) => ratio >= 0.7,
    );
    const memory = resultOf(
      { bench: 'upload-memory', unit: 'MB resident while 2 GB pass, beside before', aim: 'ratio <= 2' },
      { ours: peak, yardstick: before },
      ({ ratio }) => ratio <= 2,
    );
    return [speed, memory];
  });
};
