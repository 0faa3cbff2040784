import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@agon/client';
import type { ModelFile, Predict, TableSchema } from '@agon/contracts';
import { silentLog, systemClock } from '@agon/kit';
import { openTokenizer } from '@agon/language';
import { byteTokenizer } from '@agon/language/testing';
import { type ArtifactStore, connectStores, openArtifacts, type Stores } from '@agon/store';
import { aBaseModel, aKey, aModel } from '@agon/testing';
import { bestOf, cpuSecondsOfFamily, type Measured } from './measured.ts';
import { pythonAsker } from './python.ts';
import { type Bench, type BenchResult, resultOf } from './result.ts';
import { flightsModel, processRowsPerSecond } from './score-tabular.ts';
import { withStack } from './stack.ts';

const threads = Number(process.env.AGON_BENCH_THREADS ?? 2);
const rounds = Number(process.env.AGON_BENCH_ROUNDS ?? 3);
const rowsPerRequest = 5_000;
const texts = 1_000;
const definitions = fileURLToPath(new URL('../../datasets/definitions/definitions.jsonl', import.meta.url));
const accountId = 'acct_bench0000';
const baseId = 'bench/encoder@1';

type Row = Predict['rows'][number];
type Service = {
  readonly artifacts: ArtifactStore;
  readonly stores: Stores;
  readonly predict: (model: string, rows: Row[]) => Promise<unknown>;
  readonly cpuSeconds: () => Promise<number>;
};

/** Rows/s of `POST /v1/models/{id}/predict`: a table beside the process alone that runs it, texts beside transformers. */
export const predict: Bench = (say) =>
  withStack(
    async (stack, folder) => {
      const stores = await connectStores({ url: stack.servers.MONGODB_URL, clock: systemClock, log: silentLog });
      const settings = { ARTIFACTS_DIR: join(folder, 'artifacts'), ARTIFACTS_CACHE_GIB: 1 };
      const { artifacts } = await openArtifacts(settings, { clock: systemClock, log: silentLog });
      const apiKey = `agon_${randomBytes(32).toString('base64url')}`;
      const hash = createHash('sha256').update(apiKey).digest('hex');
      await stores.keys.insert(aKey({ id: 'key_bench0000', accountId, hash }));
      const client = createClient({ baseUrl: stack.url, apiKey });
      const service = {
        ...{ artifacts, stores },
        predict: (model: string, rows: Row[]) => client.models.predict(model, { rows }),
        cpuSeconds: () => cpuSecondsOfFamily(stack.pids().api),
      };
      const work = await mkdtemp(join(tmpdir(), 'agon-bench-'));
      try {
        return [await tableResult(service, work, say), await textResult(service, work, say)];
      } finally {
        await stores.close();
        await rm(work, { recursive: true, force: true });
      }
    },
    { CHAT_THREADS: String(threads) },
  );

async function tableResult(service: Service, work: string, say: (text: string) => void): Promise<BenchResult> {
  say('training boosted trees …');
  const { model, table, columns, rows: count } = await flightsModel(work);
  const files = [{ path: 'model.onnx', ...(await service.artifacts.put(createReadStream(model))) }];
  await service.stores.models.insert(aModel({ id: 'model_benchtable', accountId, table, files }));
  const rows = rowsOf(table, columns, Math.min(count, 2 * rowsPerRequest));
  say(`${rows.length} rows of a table …`);
  const measured = await askAll(service, 'model_benchtable', rows);
  const yardstick = await processRowsPerSecond({ model, table, columns, rows: count });
  const details = { rows: rows.length, columns: table.columns.length, per_request: rowsPerRequest };
  return resultOf(
    { bench: 'predict a table', unit: 'rows/s over HTTP, beside the scoring process alone', aim: 'a figure' },
    { ours: rows.length / measured.seconds, yardstick, details },
    () => true,
  );
}

async function textResult(service: Service, work: string, say: (text: string) => void): Promise<BenchResult> {
  const lines = (await readFile(definitions, 'utf8')).trimEnd().split('\n').slice(0, texts);
  const rows = lines.map((line) => ({ text: String((JSON.parse(line) as { text: string }).text) }));
  const classes = ['a', 'b', 'c', 'd'];
  const ask = pythonAsker<Measured & { units: number }>('serve.py', work, { threads, rounds });
  const [base, checkpoint] = [join(work, 'base'), join(work, 'checkpoint')];
  await ask('encoder', { base, checkpoint, classes });
  for (const [name, content] of Object.entries(byteTokenizer({ wrapped: true })))
    await writeFile(join(base, name), content);
  await service.stores.baseModels.insert(
    aBaseModel({ id: baseId, name: 'bench/encoder', files: await stored(service.artifacts, base) }),
  );
  const table: TableSchema = { target: 'kind', classes, columns: [{ name: 'text', input: 'text', kind: 'text' }] };
  const files = await stored(service.artifacts, checkpoint);
  const id = 'model_benchtexts';
  await service.stores.models.insert(
    aModel({ id, accountId, task: 'text-classification', table, files, baseModelId: baseId }),
  );
  say(`${rows.length} texts …`);
  const ours = await askAll(service, id, rows);
  const tokenizer = await openTokenizer(base);
  const ids = rows.map(({ text }) => tokenizer.wrapped(text, 512).ids);
  const theirs = await ask('classify', { model: checkpoint, rows: ids });
  const details = {
    texts: rows.length,
    tokens: ids.reduce((sum, each) => sum + each.length, 0),
    threads,
    ratio_by_cpu_time: Number((theirs.cpu_seconds / ours.cpu_seconds).toPrecision(4)),
  };
  return resultOf(
    { bench: 'predict texts', unit: 'texts/s over HTTP, beside transformers', aim: 'ratio >= 1.0' },
    { ours: rows.length / ours.seconds, yardstick: theirs.units / theirs.seconds, details },
    ({ ratio }) => ratio >= 1,
  );
}

/** The model is loaded by a first request that does not count. */
async function askAll(service: Service, model: string, rows: Row[]): Promise<Measured> {
  await service.predict(model, rows.slice(0, 2));
  return bestOf(rounds, service.cpuSeconds, async () => {
    for (let start = 0; start < rows.length; start += rowsPerRequest) {
      await service.predict(model, rows.slice(start, start + rowsPerRequest));
    }
  });
}

function rowsOf(table: TableSchema, columns: readonly (Float32Array | string[])[], count: number): Row[] {
  return Array.from({ length: count }, (_, row) =>
    Object.fromEntries(table.columns.map(({ name }, column) => [name, cellOf(columns[column]?.[row])])),
  );
}

const cellOf = (value: number | string | undefined): number | string | null =>
  value === undefined || value === '' || Number.isNaN(value) ? null : value;

async function stored(artifacts: ArtifactStore, folder: string): Promise<ModelFile[]> {
  await mkdir(folder, { recursive: true });
  const names = await readdir(folder);
  return Promise.all(
    names.map(async (path) => ({ path, ...(await artifacts.put(createReadStream(join(folder, path)))) })),
  );
}
