import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CommitLine, readCommitLines } from './commit-body.ts';

async function* inChunks(bytes: Buffer, size: number) {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

/** Every line, with the contents that were streamed. */
async function read(text: string, chunk = 10_000): Promise<(CommitLine | { path: string; content: Buffer })[]> {
  const lines: (CommitLine | { path: string; content: Buffer })[] = [];
  for await (const line of readCommitLines(inChunks(Buffer.from(text), chunk))) {
    if (line.kind !== 'long-file') {
      lines.push(line);
      continue;
    }
    const chunks: Buffer[] = [];
    for await (const piece of line.content) chunks.push(piece);
    lines.push({ path: await line.path(), content: Buffer.concat(chunks) });
  }
  return lines;
}

const line = (key: string, value: unknown): string => `${JSON.stringify({ key, value })}\n`;
const header = line('header', { summary: 'Add' });
const fileLine = (path: string, content: Buffer): string =>
  line('file', { content: content.toString('base64'), path, encoding: 'base64' });
const lfs = { path: 'm.bin', algo: 'sha256', oid: 'a'.repeat(64), size: 5 };

describe('the lines of a commit', () => {
  test('are read whatever their operation', async () => {
    const text = [
      ...[header, fileLine('a.txt', Buffer.from('hi')), line('lfsFile', lfs)],
      ...[line('deletedFile', { path: 'b' }), '\n', line('deletedFolder', { path: 'c/' }).trimEnd()],
    ];
    expect(await read(text.join(''))).toEqual([
      { kind: 'header', header: { summary: 'Add', description: '' } },
      { kind: 'file', path: 'a.txt', content: Buffer.from('hi') },
      { kind: 'lfs', path: 'm.bin', sha256: lfs.oid, bytes: 5 },
      { kind: 'delete', path: 'b', folder: false },
      { kind: 'delete', path: 'c', folder: true },
    ]);
  });

  test('stream long contents, wherever the body is cut into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 49_000, max: 200_000 }),
        fc.integer({ min: 701, max: 90_000 }),
        async (bytes, chunk) => {
          const content = Buffer.from(Array.from({ length: bytes }, (_, index) => (index * 31) % 256));
          const text = `${header}${fileLine('long.bin', content)}${fileLine('short.txt', Buffer.from('x'))}`;
          const [, long, short] = await read(text, chunk);
          expect(long).toMatchObject({ path: 'long.bin' });
          expect((long as { content: Buffer }).content.equals(content)).toBe(true);
          expect(short).toMatchObject({ path: 'short.txt' });
        },
      ),
      { numRuns: 20 },
    );
  });

  test('may be written with spaces, as Python does', async () => {
    const content = Buffer.alloc(100_000, 1).toString('base64');
    const text = `{"key": "file", "value": {"content": "${content}", "path": "a", "encoding": "base64"}}\n`;
    expect(await read(text)).toMatchObject([{ path: 'a' }]);
  });

  const long = 'A'.repeat(80_000);
  test.each([
    ['no JSON', 'hello\n', 'commit_invalid'],
    ['an unknown operation', line('movedFile', {}), 'commit_invalid'],
    ['a path that leads out', fileLine('../x', Buffer.from('')), 'repo_path_invalid'],
    ['a folder that leads out', line('deletedFolder', { path: 'a/../../b/' }), 'repo_path_invalid'],
    ['a hash that is none', line('lfsFile', { ...lfs, oid: 'abc' }), 'commit_invalid'],
    ['another hash function', line('lfsFile', { ...lfs, algo: 'md5' }), 'commit_invalid'],
    ['content that is no base64', line('file', { content: '!!!', path: 'a' }), 'commit_invalid'],
    ['long content that is no base64', line('file', { content: `${long}!`, path: 'a' }), 'commit_invalid'],
    ['long content that is no base64 at its end', line('file', { content: `${long}A`, path: 'a' }), 'commit_invalid'],
    ['long content that goes on after its end', line('file', { content: `${long}A===${long}` }), 'commit_invalid'],
    ['a long line of something else', line('header', { summary: long }), 'commit_invalid'],
    ['a long line whose path leads out', line('file', { content: long, path: '../a' }), 'repo_path_invalid'],
    ['an end within long content', line('file', { content: long }).slice(0, 70_000), 'commit_invalid'],
  ])('are refused where there is %s', async (_, text, code) => {
    await expect(read(text, 1_000)).rejects.toMatchObject({ code });
  });
});
