import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OnnxChild, type OnnxLimits, openOnnxChild } from '../onnx-child.ts';
import { OnnxRejection } from '../rejection.ts';

const limits: OnnxLimits = { memoryMib: 1_024, threads: 1, timeMs: 30_000 };

/** A folder of a test's models, and the processes that it opened with them. */
export class ModelFolder {
  readonly #folder = mkdtemp(join(tmpdir(), 'agon-onnx-'));
  readonly #open: OnnxChild[] = [];
  #count = 0;

  /** Answers the path of a new file. */
  async write(content: Uint8Array | string, suffix = 'onnx'): Promise<string> {
    this.#count += 1;
    const path = join(await this.#folder, `${this.#count}.${suffix}`);
    await writeFile(path, content);
    return path;
  }

  async open(model: Uint8Array, changes: Partial<OnnxLimits> = {}): Promise<OnnxChild> {
    const child = await openOnnxChild({ modelPath: await this.write(model), limits: { ...limits, ...changes } });
    this.#open.push(child);
    return child;
  }

  /** Runs a script in place of the one that runs models. */
  async openScript(script: string): Promise<OnnxChild> {
    const path = await this.write(script, 'mjs');
    return openOnnxChild({ modelPath: path, limits, script: path });
  }

  async closeChildren(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((child) => child.close()));
  }

  async remove(): Promise<void> {
    await rm(await this.#folder, { recursive: true, force: true });
  }
}

/** The rejection that the work ends in; any other end is an error. */
export async function rejectionOf(work: Promise<unknown>): Promise<OnnxRejection> {
  try {
    await work;
  } catch (error) {
    if (error instanceof OnnxRejection) return error;
    throw error;
  }
  throw new Error('There was no rejection.');
}
