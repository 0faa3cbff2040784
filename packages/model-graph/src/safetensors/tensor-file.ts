import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { ModelFault } from '../model-fault.ts';
import type { ElementType } from './element-type.ts';
import { parseHeader } from './header.ts';

/** A tensor on disk. */
export type StoredTensor = {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Path of the file. */
  readonly file: string;
  /** First byte, counted from the beginning of the file. */
  readonly offset: number;
  readonly bytes: number;
};

export type TensorFile = {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
};

/** The limit of the format's reference implementation. */
const headerBytesMaxOfFormat = 100_000_000;
const lengthBytes = 8;

/**
 * Reads the header of a safetensors file; the data stay on disk.
 *
 * @throws ModelFault `weights_missing`, `weights_malformed`
 */
export async function openTensorFile(path: string, options: { headerBytesMax?: number } = {}): Promise<TensorFile> {
  const file = await openFile(path);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new ModelFault('weights_missing', `${basename(path)} is not a file.`);
    return await readHeader(file, path, { fileBytes: stats.size, headerBytesMax: options.headerBytesMax });
  } finally {
    await file.close();
  }
}

/** Without waiting where the path is a pipe. */
async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw new ModelFault('weights_missing', `${basename(path)} cannot be read.`, error);
  }
}

async function readHeader(
  file: FileHandle,
  path: string,
  sizes: { fileBytes: number; headerBytesMax: number | undefined },
): Promise<TensorFile> {
  const name = basename(path);
  const first = await readExactly(file, 0, Math.min(lengthBytes, sizes.fileBytes), name);
  if (first.length < lengthBytes) {
    throw new ModelFault('weights_malformed', `${name} has ${sizes.fileBytes} bytes; it is empty or was cut off.`);
  }
  const headerBytes = new DataView(first.buffer, first.byteOffset, lengthBytes).getBigUint64(0, true);
  const max = Math.min(sizes.headerBytesMax ?? headerBytesMaxOfFormat, headerBytesMaxOfFormat);
  if (headerBytes > BigInt(max) || headerBytes > BigInt(sizes.fileBytes - lengthBytes) || headerBytes < 2n) {
    const foreign = foreignFormat(first);
    if (foreign) throw new ModelFault('weights_malformed', `${name} is ${foreign}, not safetensors.`);
    throw new ModelFault(
      'weights_malformed',
      `${name} says that its header has ${headerBytes} bytes; the file has ${sizes.fileBytes} and ${max} are allowed.`,
    );
  }
  const dataStart = lengthBytes + Number(headerBytes);
  const bytes = await readExactly(file, lengthBytes, Number(headerBytes), name);
  const header = named(name, () => parseHeader(bytes, sizes.fileBytes - dataStart));
  const tensors = new Map<string, StoredTensor>();
  for (const { start, end, ...tensor } of header.tensors.values()) {
    tensors.set(tensor.name, { ...tensor, file: path, offset: dataStart + start, bytes: end - start });
  }
  return { path, tensors, metadata: header.metadata };
}

function named<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ModelFault)) throw error;
    throw new ModelFault(error.code, `${name}: ${error.message}`, error);
  }
}

/** Formats that people rename, by their first bytes. Read as a length, each of them is far too long. */
function foreignFormat(first: Uint8Array): string | undefined {
  const starts = (...bytes: number[]) => bytes.every((byte, index) => first[index] === byte);
  if (starts(0x50, 0x4b, 0x03, 0x04)) return 'a zip file (a PyTorch checkpoint?)';
  if (starts(0x80) && (first[1] ?? 0) >= 2 && (first[1] ?? 0) <= 5) return 'a pickle';
  if (starts(0x47, 0x47, 0x55, 0x46)) return 'GGUF';
  if (starts(0x89, 0x48, 0x44, 0x46)) return 'HDF5';
  return starts(0x1f, 0x8b) ? 'gzip' : undefined;
}

/** @throws ModelFault `weights_malformed` where the file ends before. */
export async function readExactly(
  file: FileHandle,
  position: number,
  bytes: number,
  name: string,
): Promise<Uint8Array> {
  const buffer = new Uint8Array(bytes);
  let done = 0;
  while (done < bytes) {
    const { bytesRead } = await file.read(buffer, done, bytes - done, position + done);
    if (bytesRead === 0) throw new ModelFault('weights_malformed', `${name} ended while it was read.`);
    done += bytesRead;
  }
  return buffer;
}
