import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aCommitId } from '../testing/hub-server.ts';
import { type HubWorld, modelName as name, openHubWorld, weightsFile as weights } from '../testing/hub-world.ts';

const never = new AbortController().signal;

let world: HubWorld;
beforeEach(async () => {
  world = await openHubWorld();
});
afterEach(() => world.close());

describe('a download that breaks', () => {
  test('goes on where it broke, however often', async () => {
    let cuts = 4;
    world.cutWeights(() => {
      cuts -= 1;
      return cuts >= 0 ? 500 : undefined;
    });
    const record = await world.fetchAll();
    expect(record.files).toHaveLength(5);
    const starts = world.server.seen.flatMap((line) =>
      line.includes(weights) ? (/bytes=(\d+)-/.exec(line)?.[1] ?? []) : [],
    );
    expect(starts.map(Number).filter((start) => start >= 500)).toEqual([500, 1_000, 1_500, 2_000]);
  });

  test('that brings nothing five times in a row is given up, and what was fetched is kept for the next call', async () => {
    world.cutAfter(1_000);
    await expect(world.fetchAll()).rejects.toMatchObject({ code: 'base_model_unavailable' });
    world.server.meddle = () => false;
    const before = world.server.seen.length;
    await world.fetchAll(world.open());
    const asked = world.server.seen.slice(before).filter((line) => line.includes(weights));
    expect(asked.some((line) => line.includes('bytes=1000-'))).toBe(true);
    expect(asked.some((line) => line.endsWith(weights))).toBe(false);
  });

  test('is stopped by its caller with the reason of the caller', async () => {
    const controller = new AbortController();
    const reason = new Error('cancelled');
    const fetching = world.fetchAll(world.models, {
      signal: controller.signal,
      onProgress: ({ bytes }) => bytes > 0 && controller.abort(reason),
    });
    await expect(fetching).rejects.toBe(reason);
    expect(world.store.records.size).toBe(0);
  });

  test('that another caller waits for is taken up by the other when it is stopped', async () => {
    const controller = new AbortController();
    const { model } = await world.ask();
    const first = world.models.ensure(model, {
      signal: controller.signal,
      onProgress: () => controller.abort(),
      retryMs: 1,
    });
    const second = world.models.ensure(model, { signal: never, retryMs: 1 });
    await expect(first).rejects.toThrow();
    expect((await second).id).toBe(model.id);
  });

  test('from a hub that falls silent ends', async () => {
    world.server.meddle = (_request, response, path) => {
      if (!path.endsWith(weights)) return false;
      response.writeHead(206, { 'content-range': 'bytes 0-0/9', etag: '"x"' }).write('x');
      return true;
    };
    const silent = world.open({ silenceMs: 50 });
    await expect(world.ask(name, silent)).rejects.toMatchObject({ code: 'base_model_unavailable' });
  });

  test('ends where the hub does not serve parts, instead of joining what does not belong together', async () => {
    world.cutAfter(700);
    await expect(world.fetchAll()).rejects.toMatchObject({ code: 'base_model_unavailable' });
    world.server.meddle = (request, response, path) => {
      if (!path.endsWith(weights) || !request.headers.range?.startsWith('bytes=7')) return false;
      response.writeHead(200).end(world.server.models.get(name)?.files.get(weights)?.bytes);
      return true;
    };
    await expect(world.fetchAll(world.open())).rejects.toMatchObject({
      code: 'base_model_unavailable',
      message: expect.stringContaining('does not serve parts'),
    });
  });
});

describe('a hub that serves other bytes', () => {
  const other = (path: string, change: (bytes: Buffer) => Buffer, times = Number.POSITIVE_INFINITY): void => {
    let left = times;
    world.server.meddle = (request, response, asked) => {
      const bytes = world.server.models.get(name)?.files.get(path)?.bytes;
      if (!asked.endsWith(`/${path}`) || request.headers.range !== undefined || !bytes || left <= 0) return false;
      left -= 1;
      response.writeHead(200).end(change(Buffer.from(bytes)));
      return true;
    };
  };
  const flipped = (bytes: Buffer): Buffer => {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    return bytes;
  };

  test.each([weights, 'tokenizer.json'])('than its hash of %s names is refused', async (path) => {
    other(path, flipped);
    await expect(world.fetchAll()).rejects.toMatchObject({
      code: 'base_model_unavailable',
      message: expect.stringContaining(`${path} of ${name} arrived with another hash`),
    });
    expect(world.store.records.size).toBe(0);
  });

  test('once is asked once more', async () => {
    other(weights, flipped, 1);
    expect((await world.fetchAll()).id).toBe(`${name}@${aCommitId()}`);
  });

  test.each([weights, 'tokenizer.json'])('than it announced of %s is not written on without end', async (path) => {
    other(path, (bytes) => Buffer.concat([bytes, Buffer.alloc(100_000)]));
    await expect(world.fetchAll()).rejects.toMatchObject({ code: 'base_model_unavailable' });
  });
});
