import { AppError, limits, Sha256 } from '@agon/contracts';
import type { ByteSource } from '@agon/store';
import { z } from 'zod';
import { repoPathProblem } from '../tree/repo-path-problem.ts';
import { ByteReader } from './byte-reader.ts';
import { decodeBase64, decodeBase64Stream } from './decode-base64.ts';

/** Lines up to here are read whole; the content of a longer one is streamed. */
const wholeLineBytesMax = 64 * 1024;
const operationsMax = 2 * limits.repoFilesMax;
const newline = 0x0a;
const quote = 0x22;
/** How every client begins the line of a file. */
const fileLine = /^\{\s*"key"\s*:\s*"file"\s*,\s*"value"\s*:\s*\{\s*"content"\s*:\s*"/;

export type CommitHeader = z.infer<typeof Header>;
export type CommitLine =
  | { readonly kind: 'header'; readonly header: CommitHeader }
  | { readonly kind: 'file'; readonly path: string; readonly content: Buffer }
  /** The path comes after the content: it is known when the content was read to its end. */
  | { readonly kind: 'long-file'; readonly content: AsyncIterable<Buffer>; readonly path: () => Promise<string> }
  | { readonly kind: 'lfs'; readonly path: string; readonly sha256: string; readonly bytes: number | undefined }
  | { readonly kind: 'delete'; readonly path: string; readonly folder: boolean };

const RepoPath = z.string().superRefine((path, check) => {
  const problem = repoPathProblem(path);
  if (problem) check.addIssue({ code: 'custom', message: `the path ${JSON.stringify(path.slice(0, 200))} ${problem}` });
});
const Header = z.object({
  summary: z.string().max(limits.commitTitleCharactersMax),
  description: z.string().max(limits.commitDescriptionCharactersMax).default(''),
  parentCommit: z
    .string()
    .regex(/^[0-9a-f]{40}$/, 'must be a whole commit id')
    .optional(),
});
const FileValue = z.object({
  path: RepoPath,
  content: z.string(),
  encoding: z.enum(['base64', 'utf-8']).default('base64'),
});
const Line = z.discriminatedUnion('key', [
  z.object({ key: z.literal('header'), value: Header }),
  z.object({ key: z.literal('file'), value: FileValue }),
  z.object({
    key: z.literal('lfsFile'),
    value: z.object({
      path: RepoPath,
      algo: z.literal('sha256').default('sha256'),
      oid: Sha256,
      size: z.int().min(0).optional(),
    }),
  }),
  z.object({ key: z.literal('deletedFile'), value: z.object({ path: RepoPath }) }),
  z.object({
    key: z.literal('deletedFolder'),
    value: z.object({
      path: z
        .string()
        .transform((path) => path.replace(/\/$/, ''))
        .pipe(RepoPath),
    }),
  }),
]);
type Line = z.infer<typeof Line>;

function parseLine(text: string, number: number): Line {
  const invalid = (message: string) => new AppError('commit_invalid', `Line ${number}: ${message}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid('it is not JSON.');
  }
  const parsed = Line.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === 'custom') throw new AppError('repo_path_invalid', `Line ${number}: ${issue.message}.`);
  throw invalid(`${issue?.path.map(String).join('.')}: ${issue?.message}.`);
}

const lineTypes: { [K in Line['key']]: (value: Extract<Line, { key: K }>['value']) => CommitLine } = {
  header: (header) => ({ kind: 'header', header }),
  file: ({ path, content, encoding }) => ({
    kind: 'file',
    path,
    content: encoding === 'base64' ? decodeBase64(content) : Buffer.from(content, 'utf8'),
  }),
  lfsFile: ({ path, oid: sha256, size: bytes }) => ({ kind: 'lfs', path, sha256, bytes }),
  deletedFile: ({ path }) => ({ kind: 'delete', path, folder: false }),
  deletedFolder: ({ path }) => ({ kind: 'delete', path, folder: true }),
};

const commitLine = ({ key, value }: Line): CommitLine =>
  (lineTypes[key] as (value: Line['value']) => CommitLine)(value);

/**
 * Reads the lines of a commit one after the other; contents of any size pass with flat memory. Of a long file the content
 * has to be read before the next line is asked for.
 *
 * @throws AppError `commit_invalid`, `repo_path_invalid`, `body_too_large`.
 */
export async function* readCommitLines(source: ByteSource): AsyncGenerator<CommitLine> {
  const reader = new ByteReader(source, limits.commitBodyBytesMax);
  try {
    for (let number = 1; !(await reader.atEnd()); number += 1) {
      if (number > operationsMax) {
        throw new AppError('commit_invalid', `A commit has at most ${operationsMax} operations.`);
      }
      const { bytes, found } = await reader.takeUntil(newline, wholeLineBytesMax);
      if (!found) yield longFile(reader, bytes, number);
      else if (bytes.toString('latin1').trim() !== '') yield commitLine(parseLine(bytes.toString('utf8'), number));
    }
  } finally {
    await reader.close();
  }
}

function longFile(reader: ByteReader, begun: Buffer, number: number): CommitLine {
  const head = fileLine.exec(begun.toString('latin1'))?.[0];
  if (head === undefined) {
    throw new AppError(
      'commit_invalid',
      `Line ${number}: only the content of a file may be this long; it comes first.`,
    );
  }
  reader.unread(begun.subarray(head.length));
  return {
    kind: 'long-file',
    content: decodeBase64Stream(reader.streamUntil(quote)),
    path: async () => {
      const { bytes } = await reader.takeUntil(newline, wholeLineBytesMax);
      const line = parseLine(`${head}"${bytes.toString('utf8')}`, number);
      if (line.key === 'file' && line.value.encoding === 'base64') return line.value.path;
      throw new AppError('commit_invalid', `Line ${number}: the content must be base64.`);
    },
  };
}
