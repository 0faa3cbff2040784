import { mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSubmission } from './read-submission.ts';

async function outFolder(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-out-'));
  for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text);
  return folder;
}

const manifest = (files: unknown): string => JSON.stringify({ format: 'onnx', files });
const read = (folder: string) => readSubmission(folder, { bytesMax: 100 });

test('every file of the manifest is measured and hashed', async () => {
  const folder = await outFolder({ 'submission.json': manifest(['model.onnx']), 'model.onnx': 'abc' });
  const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  expect(await read(folder)).toEqual({ format: 'onnx', files: [{ path: 'model.onnx', bytes: 3, sha256 }] });
});

test.each([
  ['no manifest', {}, /without out\/submission\.json/],
  ['a manifest that is not JSON', { 'submission.json': '{' }, /is wrong/],
  ['a path that leaves the folder', { 'submission.json': manifest(['../model.onnx']) }, /without `\.\.`/],
  ['an absolute path', { 'submission.json': manifest(['/etc/passwd']) }, /relative path/],
  ['a file that is not there', { 'submission.json': manifest(['model.onnx']) }, /is not there/],
  ['an empty file', { 'submission.json': manifest(['m']), m: '' }, /is empty/],
  ['more bytes than allowed', { 'submission.json': manifest(['m']), m: 'x'.repeat(101) }, /allows 100/],
] as const)('%s is refused', async (_name, files, message) => {
  await expect(read(await outFolder(files))).rejects.toThrow(message);
});

test('a link is refused, so that nothing outside the folder is sent', async () => {
  const folder = await outFolder({ 'submission.json': manifest(['model.onnx']) });
  await symlink('/etc/hostname', join(folder, 'model.onnx'));
  await expect(read(folder)).rejects.toThrow(/not a plain file/);
});
