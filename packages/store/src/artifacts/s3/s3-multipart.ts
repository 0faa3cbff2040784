import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import type { BucketPlace } from './s3-bucket.ts';
import { asStoreError, isAbsent } from './s3-errors.ts';

/** Parts but the last must have this much; a rule of S3. */
export const partBytesMin = 5 * 1024 ** 2;

const partsInFlightMax = 2;

/** An object that is being put together; nothing of it can be seen before it is whole. */
export type PartialObject = {
  /** Sends the next part. Resolves when there is room for another, not when this one has arrived. */
  add(bytes: Uint8Array, sha256: Buffer): Promise<void>;
  /** Makes the next part of bytes that are on the server; `end` is exclusive. */
  copy(fromKey: string, range?: { start: number; end: number }): Promise<void>;
};

/** S3's multipart uploads: the only way to write an object without knowing its size or holding it in memory. */
export class MultipartUploads {
  readonly #client: S3Client;
  readonly #place: BucketPlace;

  constructor(client: S3Client, place: BucketPlace) {
    this.#client = client;
    this.#place = place;
  }

  /** How the server is told which object to copy. */
  sourceOf(key: string): string {
    return [this.#place.bucket, ...(this.#place.prefix + key).split('/')].map(encodeURIComponent).join('/');
  }

  /**
   * Writes an object part by part. It appears when `write` and every part have succeeded and `write` did not answer
   * false; else nothing is left on the server.
   *
   * @returns whether the object is there.
   */
  async whole(key: string, write: (upload: PartialObject) => Promise<boolean | undefined | void>): Promise<boolean> {
    const at = { Bucket: this.#place.bucket, Key: this.#place.prefix + key };
    const sent: Promise<CompletedPart>[] = [];
    const created = await this.#client
      .send(new CreateMultipartUploadCommand({ ...at, ChecksumAlgorithm: 'SHA256' }))
      .catch(rethrow);
    const upload = { ...at, UploadId: created.UploadId };
    try {
      const kept = await write(this.#partial(upload, sent));
      const parts = await Promise.all(sent);
      if (kept !== false) {
        await this.#complete(upload, parts);
        return true;
      }
    } catch (error) {
      // A part that arrives after the end of its upload would be kept, and paid for.
      await Promise.allSettled(sent);
      await this.#abort(upload).catch(() => undefined);
      throw asStoreError(error);
    }
    await this.#abort(upload);
    return false;
  }

  /** Ends uploads below the prefix that crashes left behind, the first thousand of them. */
  async abortOlder(before: Date): Promise<void> {
    const { bucket: Bucket, prefix: Prefix } = this.#place;
    const listed = await this.#client.send(new ListMultipartUploadsCommand({ Bucket, Prefix })).catch(rethrow);
    for (const { Key, UploadId, Initiated } of listed.Uploads ?? []) {
      if (Key !== undefined && Initiated !== undefined && Initiated < before) {
        await this.#abort({ Bucket, Key, UploadId });
      }
    }
  }

  #partial(upload: UploadPlace, sent: Promise<CompletedPart>[]): PartialObject {
    const next = async (send: (number: number) => Promise<CompletedPart>): Promise<void> => {
      await sent[sent.length - partsInFlightMax];
      const part = send(sent.length + 1);
      part.catch(() => undefined);
      sent.push(part);
    };
    return {
      add: (bytes, sha256) => next((number) => this.#send(upload, { number, bytes, sha256 })),
      copy: (key, range) => next((number) => this.#copy(upload, { number, key, range })),
    };
  }

  async #send(
    upload: UploadPlace,
    { number, bytes, sha256 }: { number: number; bytes: Uint8Array; sha256: Buffer },
  ): Promise<CompletedPart> {
    const ChecksumSHA256 = sha256.toString('base64');
    const part = { PartNumber: number, Body: bytes, ContentLength: bytes.length, ChecksumSHA256 };
    const { ETag } = await this.#client.send(new UploadPartCommand({ ...upload, ...part }));
    return { PartNumber: number, ETag, ChecksumSHA256 };
  }

  async #copy(
    upload: UploadPlace,
    { number, key, range }: { number: number; key: string; range: { start: number; end: number } | undefined },
  ): Promise<CompletedPart> {
    const CopySourceRange = range && `bytes=${range.start}-${range.end - 1}`;
    const part = { PartNumber: number, CopySource: this.sourceOf(key), CopySourceRange };
    const { CopyPartResult: result } = await this.#client.send(new UploadPartCopyCommand({ ...upload, ...part }));
    const checksum = result?.ChecksumSHA256 ? { ChecksumSHA256: result.ChecksumSHA256 } : {};
    return { PartNumber: number, ETag: result?.ETag, ...checksum };
  }

  async #complete(upload: UploadPlace, parts: CompletedPart[]): Promise<void> {
    try {
      await this.#client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } }));
    } catch (error) {
      // The answer to a first try may have been lost: then the upload is over, and the object is there.
      if (!isAbsent(error)) throw error;
      await this.#client.send(new HeadObjectCommand({ Bucket: upload.Bucket, Key: upload.Key }));
    }
  }

  async #abort(upload: UploadPlace): Promise<void> {
    await this.#client.send(new AbortMultipartUploadCommand(upload)).catch((error: unknown) => {
      if (!isAbsent(error)) throw asStoreError(error);
    });
  }
}

type UploadPlace = { readonly Bucket: string; readonly Key: string; readonly UploadId: string | undefined };

function rethrow(error: unknown): never {
  throw asStoreError(error);
}
