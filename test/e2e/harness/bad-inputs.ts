import { randomBytes } from 'node:crypto';

/** A dataset that must be refused at creation, or handled; `code` is what the answer must say. */
export type BadDataset = {
  readonly name: string;
  readonly file: () => Uint8Array | string;
  readonly job?: Record<string, unknown>;
  /** `accepted` where the service must cope. */
  readonly code: string | readonly string[];
  /** The problems must name this row. */
  readonly row?: number;
};

const rows = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => make(index)).join('\n');
const good = (index: number): string => `${index * 1.5},${index % 3 === 0 ? 'yes' : 'no'}`;
const table = (count = 300): string => `x,answer\n${rows(count, good)}\n`;

export const badDatasets: readonly BadDataset[] = [
  { name: 'random bytes', file: () => randomBytes(20_000), code: 'dataset_unreadable' },
  { name: 'a PDF', file: () => `%PDF-1.7\n${'x'.repeat(5_000)}`, code: 'dataset_unreadable' },
  {
    name: 'a ZIP or XLSX',
    file: () => Buffer.from(`PK\x03\x04${'x'.repeat(5_000)}`, 'latin1'),
    code: 'dataset_unreadable',
  },
  {
    name: 'gzip',
    file: () => Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), randomBytes(5_000)]),
    code: 'dataset_unreadable',
  },
  { name: 'HTML', file: () => `<!DOCTYPE html><html><body>${table()}</body></html>`, code: 'dataset_unreadable' },
  { name: 'a JSON array', file: () => JSON.stringify([{ x: 1, answer: 'a' }]), code: 'dataset_unreadable' },
  {
    name: 'half a Parquet file',
    file: () => Buffer.concat([Buffer.from('PAR1'), randomBytes(3_000)]),
    code: 'dataset_unreadable',
  },
  {
    name: 'Latin-1',
    file: () => Buffer.from(`x,answer\n${rows(300, (index) => `caf\xe9${index},${index % 2}`)}`, 'latin1'),
    code: ['dataset_invalid', 'dataset_unreadable'],
    row: 1,
  },
  { name: 'UTF-16 with a mark', file: () => Buffer.from(`\ufeff${table()}`, 'utf16le'), code: 'accepted' },
  { name: 'ragged rows', file: () => `${table()}1,2,3\n4\n`, code: 'dataset_invalid', row: 301 },
  {
    name: 'an open quote',
    file: () => `${table()}"never closed,yes\n${table()}`,
    code: ['dataset_invalid', 'dataset_unreadable'],
  },
  { name: 'duplicate headers', file: () => table().replace('x,answer', 'answer,answer'), code: 'dataset_invalid' },
  { name: 'only a header', file: () => 'x,answer\n', code: ['dataset_too_small', 'dataset_invalid'] },
  { name: 'five rows', file: () => `x,answer\n${rows(5, good)}\n`, code: 'dataset_too_small' },
  { name: 'a target that is not there', file: () => table(), job: { target: 'anwser' }, code: 'target_missing' },
  {
    name: 'a constant target',
    file: () => `x,answer\n${rows(300, (index) => `${index},yes`)}\n`,
    code: 'target_unsuitable',
  },
  {
    name: 'a target without values',
    file: () => `x,answer\n${rows(300, (index) => `${index},`)}\n`,
    code: ['target_unsuitable', 'dataset_too_small', 'dataset_invalid'],
  },
  { name: 'a class with one row', file: () => `${table()}5,maybe\n`, code: 'accepted' },
  {
    name: 'many classes with one row each',
    file: () => `x,answer\n${rows(300, (index) => `${index},class${index}`)}\n`,
    job: { task: 'tabular-classification' },
    code: 'target_unsuitable',
  },
  {
    name: 'a column that is all empty',
    file: () => `x,empty,answer\n${rows(300, (index) => `${index},,${index % 2 ? 'a' : 'b'}`)}\n`,
    code: 'accepted',
  },
  {
    name: 'no feature at all',
    file: () => `answer\n${rows(300, (index) => (index % 2 ? 'a' : 'b'))}\n`,
    code: ['dataset_invalid', 'target_unsuitable', 'dataset_too_small', 'dataset_unreadable'],
  },
  {
    name: '20,000 columns',
    file: () =>
      `${rows(20_000, (index) => `c${index}`).replaceAll('\n', ',')},answer\n${rows(120, (index) => `${'1,'.repeat(20_000)}${index % 2}`)}\n`,
    code: 'dataset_too_large',
  },
  {
    name: 'text in row 90,001 of a numeric target',
    file: () => `x,answer\n${rows(90_000, (index) => `${index},${index / 7}`)}\n1,oops\n`,
    job: { task: 'tabular-regression' },
    code: ['dataset_invalid', 'target_unsuitable'],
    row: 90_001,
  },
  {
    name: 'one line without an end',
    file: () => 'x'.repeat(12_000_000),
    code: ['dataset_unreadable', 'dataset_invalid', 'dataset_too_large', 'target_missing'],
  },
  {
    name: 'nested JSON',
    file: () => `${rows(300, (index) => JSON.stringify({ x: { deep: index }, answer: index % 2 ? 'a' : 'b' }))}\n`,
    code: ['dataset_invalid', 'dataset_unreadable'],
    row: 1,
  },
  {
    name: 'JSON Lines with a broken line',
    file: () =>
      `${rows(300, (index) => JSON.stringify({ x: index, answer: index % 2 ? 'a' : 'b' }))}\n{"x": 1, "answer\n`,
    code: ['dataset_invalid', 'dataset_unreadable'],
    row: 301,
  },
  { name: 'semicolons', file: () => table().replaceAll(',', ';'), code: 'accepted' },
  { name: 'tabs', file: () => table().replaceAll(',', '\t'), code: 'accepted' },
  { name: 'Windows line ends and a mark', file: () => `\ufeff${table().replaceAll('\n', '\r\n')}`, code: 'accepted' },
  {
    name: 'strange column names',
    file: () =>
      `"a b","ünï, code",label,answer\n${rows(300, (index) => `${index},${index % 5},${index % 7},${index % 2 ? 'a' : 'b'}`)}\n`,
    code: 'accepted',
  },
  {
    name: 'a metric of another task',
    file: () => table(),
    job: { task: 'tabular-classification', objective: { metric: 'rmse' } },
    code: 'metric_unsuitable',
  },
  {
    name: 'NUL bytes',
    file: () => `x,answer\n${rows(300, (index) => `\0${index},${index % 2}`)}\n`,
    code: ['dataset_invalid', 'dataset_unreadable', 'accepted'],
  },
];

export type BadRequest = {
  readonly name: string;
  readonly method?: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly status: readonly number[];
};

const json = { 'content-type': 'application/json' };
const job = (fields: Record<string, unknown>): string =>
  JSON.stringify({ training_file: 'file-00000000000000', target: 'answer', ...fields });

/** Requests that must be refused with a status below 500 and a code. */
export const badRequests: readonly BadRequest[] = [
  { name: 'no route', path: '/v1/nothing', status: [404] },
  { name: 'another method', method: 'PUT', path: '/v1/jobs', status: [404, 405] },
  { name: 'no key', path: '/v1/jobs', headers: { authorization: '' }, status: [401] },
  { name: 'a wrong key', path: '/v1/jobs', headers: { authorization: 'Bearer agon_wrong' }, status: [401] },
  { name: 'a key of another scheme', path: '/v1/jobs', headers: { authorization: 'Basic YTpi' }, status: [401] },
  { name: 'broken JSON', method: 'POST', path: '/v1/jobs', headers: json, body: '{"target":', status: [400] },
  { name: 'JSON that is no object', method: 'POST', path: '/v1/jobs', headers: json, body: '[]', status: [400] },
  {
    name: 'another content type',
    method: 'POST',
    path: '/v1/jobs',
    headers: { 'content-type': 'text/plain' },
    body: 'hello',
    status: [400, 415],
  },
  { name: 'an unknown file', method: 'POST', path: '/v1/jobs', headers: json, body: job({}), status: [400, 404] },
  {
    name: 'a body of 2 MB',
    method: 'POST',
    path: '/v1/jobs',
    headers: json,
    body: job({ suffix: 'x'.repeat(2_000_000) }),
    status: [413],
  },
  {
    name: 'negative minutes',
    method: 'POST',
    path: '/v1/jobs',
    headers: json,
    body: job({ budget: { minutes: -1 } }),
    status: [400],
  },
  {
    name: 'a thousand seats',
    method: 'POST',
    path: '/v1/jobs',
    headers: json,
    body: job({ budget: { minutes: 1, seats: 1_000 } }),
    status: [400],
  },
  {
    name: 'an unknown field',
    method: 'POST',
    path: '/v1/jobs',
    headers: json,
    body: job({ bugdet: {} }),
    status: [400],
  },
  { name: 'a job id that is a path', path: '/v1/jobs/..%2F..%2Fetc', status: [400, 404] },
  { name: 'a job id with a NUL', path: '/v1/jobs/job_%00', status: [400, 404] },
  { name: 'a malformed escape', path: '/v1/jobs/%E0%A4%A', status: [400, 404] },
  { name: 'a limit of a million', path: '/v1/jobs?limit=1000000', status: [400] },
  { name: 'a limit that is no number', path: '/v1/jobs?limit=many', status: [400] },
  { name: 'a parameter twice', path: '/v1/jobs?limit=1&limit=2', status: [200, 400] },
  {
    name: 'an upload without multipart',
    method: 'POST',
    path: '/v1/files',
    headers: json,
    body: '{}',
    status: [400, 415],
  },
  {
    name: 'multipart without a boundary',
    method: 'POST',
    path: '/v1/files',
    headers: { 'content-type': 'multipart/form-data' },
    body: 'x',
    status: [400, 415],
  },
  {
    name: 'multipart that ends early',
    method: 'POST',
    path: '/v1/files',
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
    body: '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nhello',
    status: [400],
  },
  {
    name: 'a miner without a signature',
    method: 'POST',
    path: '/v1/miner/leases',
    headers: json,
    body: '{}',
    status: [401],
  },
  {
    name: 'a miner with a nonsense signature',
    method: 'POST',
    path: '/v1/miner/leases',
    headers: { ...json, signature: 'agon=:AAAA:', 'signature-input': 'agon=()' },
    body: '{}',
    status: [401],
  },
  {
    name: 'an unknown upload',
    method: 'HEAD',
    path: '/v1/miner/uploads/upl_0000000000000000',
    headers: { 'tus-resumable': '1.0.0' },
    status: [404],
  },
  { name: 'a model that is not there', path: '/v1/models/model_0000000000000000', status: [404] },
  {
    name: 'a file of a model that leaves its folder',
    path: '/v1/models/model_0000000000000000/files/..%2F..%2Fx',
    status: [400, 404],
  },
];
