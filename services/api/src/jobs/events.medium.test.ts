import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRace } from '../testing/open-race.ts';
import { type Caller, callerWith, startTestApi, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let caller: Caller;
beforeAll(async () => {
  api = await startTestApi();
  caller = await callerWith(api);
});
afterAll(() => api.close());

const race = () => openRace(api, { accountId: caller.accountId });
const append = async (jobId: string, type: string): Promise<void> => {
  await api.stores.events.append(jobId, { type, message: `It is ${type}.` });
  await api.queue.signal({ kind: 'events', jobId });
};

type Frame = { id?: string; event?: string; data?: string };

/** Reads frames of a stream until `done` says so or it ends. */
async function readFrames(
  jobId: string,
  options: { headers?: Record<string, string>; query?: string; done?: (frames: Frame[]) => boolean } = {},
): Promise<{ frames: Frame[]; text: string }> {
  const abort = new AbortController();
  const response = await fetch(`${api.url}/v1/jobs/${jobId}/events${options.query ?? ''}`, {
    headers: { authorization: caller.authorization, accept: 'text/event-stream', ...options.headers },
    signal: abort.signal,
  });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  let text = '';
  let frames: Frame[] = [];
  const decoder = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    frames = text.split('\n\n').slice(0, -1).flatMap(parseFrame);
    if (options.done?.(frames)) break;
  }
  abort.abort();
  return { frames, text };
}

function parseFrame(block: string): Frame[] {
  const lines = block.split('\n').filter((line) => !line.startsWith(':'));
  if (lines.length === 0) return [];
  return [
    Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)])),
  ];
}

const typesOf = (frames: Frame[]): string[] =>
  frames.map((frame) => frame.event ?? JSON.parse(frame.data ?? '{}').type);

describe('events as pages', () => {
  test('a page goes on after a sequence number or an id of an event', async () => {
    const job = await race();
    for (const type of ['a', 'b', 'c']) await append(job.id, type);
    const path = `/v1/jobs/${job.id}/events`;
    const first = (await caller.get(`${path}?limit=2`).expect(200)).body;
    expect(first).toMatchObject({ object: 'list', has_more: true });
    expect(first.data.map((event: { sequence: number }) => event.sequence)).toEqual([1, 2]);
    const byId = (await caller.get(`${path}?after=${first.last_id}`).expect(200)).body;
    const bySequence = (await caller.get(`${path}?after=2`).expect(200)).body;
    expect(byId.data.map((event: { type: string }) => event.type)).toEqual(['b', 'c']);
    expect(bySequence).toEqual(byId);
    const { body } = await caller.get(`${path}?after=evt_unknown`).expect(400);
    expect(body.error).toMatchObject({ code: 'invalid_request', param: 'after' });
  });
});

describe('events as a stream', () => {
  test('a stream sends what is there, what comes, progress without an id, and ends after the last event', async () => {
    const job = await race();
    const reading = readFrames(job.id);
    await sleep(100);
    await append(job.id, 'run.leased');
    const progress = { step: 3, loss: 0.5 };
    await api.queue.signal({ kind: 'progress', jobId: job.id, runId: 'run_1', minerName: 'ada', progress });
    await sleep(100);
    await caller.post(`/v1/jobs/${job.id}/cancel`).expect(200);
    const { frames } = await reading;
    expect(typesOf(frames)).toEqual(['job.created', 'run.leased', 'progress', 'job.cancelled', 'end']);
    expect(frames.map((frame) => frame.id)).toEqual(['1', '2', undefined, '3', undefined]);
    expect(JSON.parse(frames[2]?.data ?? '')).toEqual({ run: 'run_1', miner: 'ada', progress });
    expect(JSON.parse(frames[4]?.data ?? '')).toEqual({ status: 'cancelled' });
  });

  test('Last-Event-ID resumes without a gap and without a repeat', async () => {
    const job = await race();
    for (const type of ['a', 'b']) await append(job.id, type);
    const first = await readFrames(job.id, { done: (frames) => frames.length >= 2 });
    for (const type of ['c', 'd']) await append(job.id, type);
    const last = first.frames.at(-1)?.id ?? '';
    const second = await readFrames(job.id, {
      headers: { 'last-event-id': last },
      done: (frames) => typesOf(frames).includes('d'),
    });
    expect(typesOf([...first.frames, ...second.frames])).toEqual(['job.created', 'a', 'b', 'c', 'd']);
  });

  test('an event is sent without a signal too, at the next look', async () => {
    const job = await race();
    const reading = readFrames(job.id, { done: (frames) => frames.length >= 2 });
    await sleep(100);
    await api.stores.events.append(job.id, { type: 'unheard', message: 'No signal told of it.' });
    expect(typesOf((await reading).frames)).toEqual(['job.created', 'unheard']);
  });

  test('the stream of an ended job is its log and the end', async () => {
    const job = await race();
    await caller.post(`/v1/jobs/${job.id}/cancel`).expect(200);
    expect(typesOf((await readFrames(job.id)).frames)).toEqual(['job.created', 'job.cancelled', 'end']);
  });

  test('a stream ends when the service stops', async () => {
    const own = await startTestApi();
    const owner = await callerWith(own);
    const job = await openRace(own, { accountId: owner.accountId });
    const response = await fetch(`${own.url}/v1/jobs/${job.id}/events`, {
      headers: { authorization: owner.authorization, accept: 'text/event-stream' },
    });
    setTimeout(own.stop, 50);
    const text = await response.text();
    expect(text).toContain('job.created');
    expect(text).not.toContain('event: end');
    await own.close();
  });
});
