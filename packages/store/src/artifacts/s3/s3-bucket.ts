import type { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { asStoreError, isAbsent, isBehindTheEnd } from './s3-errors.ts';
import { MultipartUploads } from './s3-multipart.ts';

/** An object of the bucket; its key is without the prefix of the store. */
export type StoredObject = { readonly key: string; readonly bytes: number; readonly modifiedAt: Date };

export type BucketPlace = { readonly bucket: string; readonly prefix: string };

const deletesMax = 1_000;
/** A single copy may move this much; larger objects are copied in parts. */
const copyBytesMax = 1024 ** 3;

/** The part of S3 that the store uses, below one prefix of one bucket, with errors as the service knows them. */
export class S3Bucket {
  readonly uploads: MultipartUploads;
  readonly #client: S3Client;
  readonly #publicClient: S3Client;
  readonly #place: BucketPlace;

  /** @param clients `public` signs addresses for others; it may know the bucket by another endpoint. */
  constructor(clients: { private: S3Client; public: S3Client }, place: BucketPlace) {
    this.#client = clients.private;
    this.#publicClient = clients.public;
    this.#place = place;
    this.uploads = new MultipartUploads(clients.private, place);
  }

  /** Puts an object; the server compares the bytes with their hash before the object appears. */
  async put(key: string, bytes: Uint8Array, sha256: Buffer): Promise<void> {
    const checksum = { ChecksumSHA256: sha256.toString('base64') };
    const command = new PutObjectCommand({ ...this.#at(key), Body: bytes, ContentLength: bytes.length, ...checksum });
    await guarded(this.#client.send(command));
  }

  /** The bytes of an object, `end` exclusive, and how many there will be; undefined where it is not there. */
  async get(
    key: string,
    range?: { start: number; end?: number },
  ): Promise<{ body: AsyncIterable<Uint8Array>; bytes: number } | undefined> {
    const end = range?.end === undefined ? '' : range.end - 1;
    const command = new GetObjectCommand({
      ...this.#at(key),
      ...(range ? { Range: `bytes=${range.start}-${end}` } : {}),
    });
    try {
      const { Body, ContentLength = 0 } = await this.#client.send(command);
      return { body: (Body ?? []) as Readable, bytes: ContentLength };
    } catch (error) {
      if (isBehindTheEnd(error)) return { body: nothing(), bytes: 0 };
      if (isAbsent(error)) return undefined;
      throw asStoreError(error);
    }
  }

  async head(key: string): Promise<StoredObject | undefined> {
    try {
      const found = await this.#client.send(new HeadObjectCommand(this.#at(key)));
      return { key, bytes: found.ContentLength ?? 0, modifiedAt: found.LastModified ?? new Date(0) };
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw asStoreError(error);
    }
  }

  /** All objects whose keys begin so, in the order of their keys. */
  async *list(start: string): AsyncGenerator<StoredObject> {
    const input = { Bucket: this.#place.bucket, Prefix: this.#place.prefix + start };
    const pages = paginateListObjectsV2({ client: this.#client }, input)[Symbol.asyncIterator]();
    for (let page = await guarded(pages.next()); !page.done; page = await guarded(pages.next())) {
      yield* this.#objectsOf(page.value);
    }
  }

  /** Removes objects; those that are not there count as removed. */
  async remove(keys: readonly string[]): Promise<void> {
    for (let index = 0; index < keys.length; index += deletesMax) {
      const Objects = keys.slice(index, index + deletesMax).map((key) => ({ Key: this.#place.prefix + key }));
      const command = new DeleteObjectsCommand({ Bucket: this.#place.bucket, Delete: { Objects, Quiet: true } });
      const { Errors: errors = [] } = await guarded(this.#client.send(command));
      const [fault] = errors.filter((one) => one.Code !== 'NoSuchKey');
      if (fault) throw asStoreError(Object.assign(new Error(fault.Message), { name: fault.Code }));
    }
  }

  /** Copies within the server; the target appears whole. */
  async copy(from: { key: string; bytes: number }, to: string): Promise<void> {
    if (from.bytes <= copyBytesMax) {
      const CopySource = this.uploads.sourceOf(from.key);
      await guarded(this.#client.send(new CopyObjectCommand({ ...this.#at(to), CopySource })));
      return;
    }
    const ranges = Array.from({ length: Math.ceil(from.bytes / copyBytesMax) }, (_, index) => ({
      start: index * copyBytesMax,
      end: Math.min(from.bytes, (index + 1) * copyBytesMax),
    }));
    await this.uploads.whole(to, async (upload) => {
      for (const range of ranges) await upload.copy(from.key, range);
    });
  }

  /** An address that lets its holder read this object and nothing else, for so long. */
  signedUrl(key: string, seconds: number): Promise<string> {
    return getSignedUrl(this.#publicClient, new GetObjectCommand(this.#at(key)), { expiresIn: seconds });
  }

  close(): void {
    this.#client.destroy();
    this.#publicClient.destroy();
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#place.bucket, Key: this.#place.prefix + key };
  }

  *#objectsOf({ Contents: contents = [] }: ListObjectsV2CommandOutput): Generator<StoredObject> {
    for (const { Key = '', Size = 0, LastModified = new Date(0) } of contents) {
      yield { key: Key.slice(this.#place.prefix.length), bytes: Size, modifiedAt: LastModified };
    }
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function guarded<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw asStoreError(error);
  }
}
