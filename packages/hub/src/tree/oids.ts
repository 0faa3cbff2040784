import { createHash, type Hash } from 'node:crypto';

const gitOid = (kind: string, content: Uint8Array): string =>
  createHash('sha1').update(`${kind} ${content.byteLength}\0`).update(content).digest('hex');

/** What git-lfs keeps in the place of a large file. */
export const lfsPointer = ({ sha256, bytes }: { sha256: string; bytes: number }): string =>
  `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${bytes}\n`;

/** git's name of a large file: that of its pointer. */
export const pointerOid = (blob: { sha256: string; bytes: number }): string =>
  gitOid('blob', Buffer.from(lfsPointer(blob)));

/** git's name of a file. */
export const contentOid = (content: Uint8Array): string => gitOid('blob', content);

/** A name for a folder that changes with what is in it. */
export const folderOid = (lines: readonly string[]): string => gitOid('tree', Buffer.from(lines.join('\n')));

/** Takes git's name of a file whose size is known before its bytes. */
export const contentHash = (bytes: number): Hash => createHash('sha1').update(`blob ${bytes}\0`);
