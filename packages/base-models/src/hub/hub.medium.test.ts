import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog, systemClock } from '@agon/kit';
import { tinyModel } from '@agon/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createBaseModels } from '../resolve-base-model.ts';
import { aCommitId, serveModel, startHubServer } from '../testing/hub-server.ts';
import { type HubWorld, modelName as name, openHubWorld, weightsFile as weights } from '../testing/hub-world.ts';

const never = new AbortController().signal;

let world: HubWorld;
beforeEach(async () => {
  world = await openHubWorld();
});
afterEach(() => world.close());

describe('a model on a hub', () => {
  test('is named by its commit and known by its facts without its weights', async () => {
    const { model, why } = await world.ask();
    const revision = aCommitId();
    expect(model).toMatchObject({ id: `${name}@${revision}`, name, revision, facts: { kind: 'causal', layers: 2 } });
    expect(model.facts.parameters).toBeGreaterThan(1_000);
    expect(why).toBeNull();
    expect((await world.ask(`${name}@v1`)).model.id).toBe(model.id);
    expect(await readdir(join(world.folder, 'staging'))).toEqual([]);
  });

  test('is fetched whole, as far as jobs need it, and then the hub is not asked again', async () => {
    const served = tinyModel('causal', { 'pytorch_model.bin': 'pickle', 'onnx/model.onnx': 'graph' });
    world.server.models.set(name, serveModel(served));
    const progress: number[] = [];
    const record = await world.fetchAll(world.models, {
      onProgress: ({ bytes, total }) => progress.push(bytes / total),
    });
    expect(record).toMatchObject({ source: 'hub', revision: aCommitId() });
    expect(record.files.map((file) => file.path)).toEqual([...tinyModel().keys()].sort());
    for (const file of record.files) expect(await world.contentOf(file.sha256)).toEqual(served.get(file.path));
    expect(progress.at(-1)).toBe(1);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(await readdir(join(world.folder, 'staging'))).toEqual([]);
    await world.server.close();
    expect((await world.ask()).model.id).toBe(record.id);
    expect(await world.models.ensure(record, { signal: never })).toEqual(record);
  });

  test('in shards is fetched with its index', async () => {
    const whole = tinyModel();
    const bytes = whole.get(weights) as Buffer;
    const header = bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE()));
    const tensors = Object.keys(JSON.parse(header.toString()));
    const weightMap = Object.fromEntries(tensors.map((tensor) => [tensor, 'model-00001-of-00001.safetensors']));
    const changes = {
      [weights]: null,
      'model-00001-of-00001.safetensors': bytes,
      'model.safetensors.index.json': JSON.stringify({ weight_map: weightMap }),
      'model-00009-of-00009.safetensors': 'not in the index',
    };
    world.server.models.set(name, serveModel(tinyModel('causal', changes)));
    const paths = (await world.fetchAll()).files.map((file) => file.path);
    expect(paths).toContain('model-00001-of-00001.safetensors');
    expect(paths).toContain('model.safetensors.index.json');
    expect(paths).not.toContain('model-00009-of-00009.safetensors');
  });

  test('gets the token, whatever it begins with; what it redirects to does not', async () => {
    const elsewhere = await startHubServer();
    elsewhere.models.set(name, serveModel(tinyModel()));
    world.server.meddle = (request, response, path) => {
      if (!path.endsWith(weights)) return false;
      response.writeHead(302, { location: `${elsewhere.url}${request.url}` }).end();
      return true;
    };
    await world.fetchAll(world.open({ token: 'secret' }));
    expect(new Set(world.server.tokens)).toEqual(new Set(['Bearer secret']));
    expect(elsewhere.seen.length).toBeGreaterThan(0);
    expect(new Set(elsewhere.tokens)).toEqual(new Set([undefined]));
    await elsewhere.close();
  });
});

describe('a hub that refuses', () => {
  const refuse = (status: number): void => {
    world.server.meddle = (_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":"no"}');
      return true;
    };
  };

  test.each([
    [401, 'base_model_not_found'],
    [403, 'base_model_not_found'],
    [404, 'base_model_not_found'],
    [429, 'base_model_unavailable'],
    [500, 'base_model_unavailable'],
    [503, 'base_model_unavailable'],
  ])('with %i means %s', async (status, code) => {
    refuse(status);
    await expect(world.ask()).rejects.toMatchObject({ code, facts: { param: 'base_model' } });
  });

  test('for want of a token says so', async () => {
    refuse(401);
    await expect(world.ask()).rejects.toThrow(/HF_TOKEN/);
  });

  test('a model that vanishes while it is fetched ends the download with a clear sentence', async () => {
    const { model } = await world.ask();
    world.server.models.delete(name);
    await expect(world.models.ensure(model, { signal: never, retryMs: 1 })).rejects.toMatchObject({
      code: 'base_model_not_found',
      message: expect.stringContaining(name),
    });
  });

  test('a file that vanishes between two tries ends the download with a clear sentence', async () => {
    world.cutWeights(() => {
      world.server.models.get(name)?.files.delete(weights);
      return 100;
    });
    await expect(world.fetchAll()).rejects.toMatchObject({ code: 'base_model_not_found' });
  });

  test('a hub that is away is said to be away', async () => {
    await world.server.close();
    await expect(world.ask()).rejects.toMatchObject({
      code: 'base_model_unavailable',
      message: expect.stringMatching(/did not give org\/model .*ECONNREFUSED/),
    });
  });

  test.each([
    ['a listing that is no list', '/tree/', '{}'],
    ['a size that is no number', '/tree/', '[{"type":"file","path":"config.json","size":"many"}]'],
    ['an answer that is no JSON', '/tree/', '<html>'],
    ['no commit', '/revision/', '{"_id":"1","id":"org/model"}'],
  ])('a hub that gives %s is not believed', async (_what, part, body) => {
    world.server.meddle = (_request, response, path) => {
      if (!path.includes(part)) return false;
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);
      return true;
    };
    await expect(world.ask()).rejects.toMatchObject({ code: 'base_model_unavailable' });
  });

  test.each([
    [
      'an unknown architecture',
      { 'config.json': JSON.stringify({ architectures: ['GPT2LMHeadModel'] }) },
      /GPT2LMHeadModel/,
    ],
    ['a pickle for weights', { [weights]: null, 'pytorch_model.bin': 'pickle' }, /pickle/],
    ['weights that are cut short', { [weights]: 'short' }, /too short/],
    ['no tokenizer', { 'tokenizer.json': null }, /tokenizer\.json/],
  ])('a model with %s is unsuitable before anything is fetched', async (_what, changes, message) => {
    world.server.models.set(name, serveModel(tinyModel('causal', changes)));
    await expect(world.ask()).rejects.toMatchObject({
      code: 'base_model_unsuitable',
      message: expect.stringMatching(message),
    });
  });

  test('a model above the limit is refused before anything is fetched', async () => {
    world.server.meddle = (_request, response, path) => {
      if (!path.includes('/tree/')) return false;
      const files = ['config.json', 'tokenizer.json', weights].map((each) => ({
        type: 'file',
        path: each,
        size: 9e9,
        oid: '0',
      }));
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(
          JSON.stringify(files.map((file) => (file.path === weights ? { ...file, size: 3e10 } : { ...file, size: 9 }))),
        );
      return true;
    };
    await expect(world.ask()).rejects.toMatchObject({ code: 'base_model_too_large' });
  });
});

test('without a hub only what is here is found, and the sentence says so', async () => {
  const alone = createBaseModels({
    stores: { baseModels: world.store },
    artifacts: world.artifacts,
    hub: null,
    clock: systemClock,
    log: silentLog,
  });
  await expect(world.ask(name, alone)).rejects.toMatchObject({ code: 'base_model_not_found', message: /no hub/ });
  await world.fetchAll();
  expect((await world.ask(name, alone)).model.name).toBe(name);
});
