import { createHash } from 'node:crypto';
import { AppError, type BlobRef } from '@agon/contracts';
import type { ByteSource, StagingArea } from '../../ports/index.ts';
import { OneWriter } from '../one-writer.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { partsOf, sha256Of } from './parts.ts';
import { blobKey, partBytes } from './s3-blobs.ts';
import type { S3Bucket, StoredObject } from './s3-bucket.ts';
import { partBytesMin } from './s3-multipart.ts';
import {
  type Chunk,
  markKey,
  noteKey,
  type StagedUpload,
  stagedUpload,
  stagingPrefix,
  uploadFolder,
  uploadIdOf,
} from './staged-upload.ts';

const missing = () => new AppError('upload_not_found', 'There is no such upload; commit the submission again.');

/**
 * Uploads as chunk objects below a folder of their own, named by where they begin: any replica can go on with an upload,
 * as its offset is what the objects say. A commit reads the chunks back, hashes them, and lets the server put them together
 * under the hash; that object appears only where the bytes are those announced.
 *
 * A committed upload leaves an empty object whose name says what it became, so that a commit that was repeated after a
 * crash answers the same.
 */
export function s3StagingArea(deps: { bucket: S3Bucket; sweep: () => Promise<void> }): StagingArea {
  const { bucket, sweep } = deps;
  const writers = new OneWriter();
  const open = new Map<string, ChunkWriter>();

  async function find(id: string): Promise<StagedUpload | undefined> {
    const objects: StoredObject[] = [];
    for await (const object of bucket.list(uploadFolder(id))) objects.push(object);
    return stagedUpload(id, objects);
  }

  /** A writer that goes on at `start`. @throws AppError where the upload is not there or not there yet. */
  async function writerAt(id: string, start: number): Promise<ChunkWriter> {
    const upload = await find(id);
    if (!upload || upload.committed) throw missing();
    if (upload.bytes !== start) {
      throw new AppError('upload_offset_mismatch', `The upload has ${upload.bytes} bytes; go on from there.`);
    }
    const large = upload.chunks.findLastIndex(({ bytes }) => bytes >= partBytesMin);
    const chunks = upload.chunks.slice(large + 1);
    return new ChunkWriter(bucket, { id, start, tail: { chunks, read: () => wholeOf(readChunks(bucket, chunks)) } });
  }

  async function write(input: { id: string; start: number; bytesMax: number; source: ByteSource }): Promise<number> {
    const { id, bytesMax, source } = input;
    const writer = await writerAt(id, input.start);
    let position = input.start;
    open.set(id, writer);
    try {
      for await (const piece of source) {
        if (position + piece.byteLength > bytesMax) {
          throw new AppError('body_too_large', `The upload was announced with ${bytesMax} bytes.`);
        }
        await writer.add(piece);
        position += piece.byteLength;
      }
    } finally {
      open.delete(id);
      await writer.flush();
    }
    return position;
  }

  async function remove(upload: StagedUpload, kept?: string): Promise<void> {
    await bucket.remove(upload.keys.filter((key) => key !== kept));
  }

  return {
    async create(id) {
      const key = markKey(id);
      await sweep();
      if (!(await find(id))) await bucket.put(key, new Uint8Array(), sha256Of(new Uint8Array()));
    },

    async offset(id) {
      await open.get(id)?.flush();
      const upload = await find(id);
      return upload?.committed?.bytes ?? upload?.bytes;
    },

    append: ({ id, offset: start, bytesMax, source }) =>
      writers.write(id, source, (chunks) => write({ id, start, bytesMax, source: chunks })),

    async commit(id, expected) {
      await writers.stop(id);
      const upload = await find(id);
      if (!upload) throw missing();
      if (upload.committed) return committedBefore(bucket, expected, upload.committed);
      const fits = upload.bytes === expected.bytes && (await assemble(bucket, upload.chunks, expected));
      const note = noteKey(id, expected);
      if (fits) await bucket.put(note, new Uint8Array(), sha256Of(new Uint8Array()));
      await remove(upload, note);
      return fits;
    },

    async discard(id) {
      await writers.stop(id);
      const upload = await find(id);
      if (upload) await remove(upload);
    },
  };
}

/** Removes uploads to which nothing was written since. */
export async function removeOldUploads(bucket: S3Bucket, before: Date): Promise<void> {
  let old: StoredObject[] = [];
  const end = async (): Promise<void> => {
    if (old.every(({ modifiedAt }) => modifiedAt < before)) await bucket.remove(old.map(({ key }) => key));
    old = [];
  };
  for await (const object of bucket.list(stagingPrefix)) {
    const [first] = old;
    if (first && uploadIdOf(first.key) !== uploadIdOf(object.key)) await end();
    old.push(object);
  }
  await end();
}

async function* readChunks(bucket: S3Bucket, chunks: readonly Pick<Chunk, 'key'>[]): AsyncGenerator<Uint8Array> {
  for (const { key } of chunks) {
    const found = await bucket.get(key);
    if (!found) throw new AppError('upload_offset_mismatch', 'A part of the upload is gone; ask the offset again.');
    yield* found.body;
  }
}

/** Makes a blob of chunks where their bytes are those expected; answers whether they are. */
async function assemble(bucket: S3Bucket, chunks: readonly Chunk[], expected: BlobRef): Promise<boolean> {
  const key = blobKey(expected.sha256);
  const hash = createHash('sha256');
  const fits = (): boolean => hash.digest('hex') === expected.sha256;
  if (expected.bytes < partBytes) {
    const content = await wholeOf(readChunks(bucket, chunks));
    hash.update(content);
    if (!fits()) return false;
    await bucket.put(key, content, Buffer.from(expected.sha256, 'hex'));
    return true;
  }
  const small = chunks.findIndex(({ bytes }) => bytes < partBytesMin);
  const large = small < 0 ? chunks : chunks.slice(0, small);
  return bucket.uploads.whole(key, async (upload) => {
    for (const chunk of large) {
      await upload.copy(chunk.key);
      for await (const piece of readChunks(bucket, [chunk])) hash.update(piece);
    }
    for await (const part of partsOf(readChunks(bucket, chunks.slice(large.length)), partBytes)) {
      hash.update(part);
      await upload.add(part, sha256Of(part));
    }
    return fits();
  });
}

async function wholeOf(source: ByteSource): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function committedBefore(bucket: S3Bucket, expected: BlobRef, note: BlobRef): Promise<boolean> {
  const same = note.sha256 === expected.sha256 && note.bytes === expected.bytes;
  if (!same || !(await bucket.head(blobKey(note.sha256)))) throw missing();
  return true;
}
