import type { Gpu } from '@agon/contracts';
import type { Share } from '../runner/runner.ts';

export type MachineOptions = {
  readonly cpus: number;
  readonly memoryMib: number;
  readonly gpus: readonly Gpu[];
  /** Runs at the same time; without it as many as the machine has parts of a useful size. */
  readonly runsMax?: number | undefined;
  /** Whether several runs may have the same GPU. */
  readonly sharesGpus: boolean;
};

export type RunNeeds = {
  readonly memoryMib: number;
  readonly vramMib: number;
  /** Whether it is faster with a GPU than without. */
  readonly likesGpu: boolean;
};

/** What a part of a machine should have at least, where the owner says nothing. */
const usefulPart = { cpus: 4, memoryMib: 4_096 } as const;
const runsMaxOfAny = 16;
const cpusMin = 0.5;
const memoryMibMin = 64;

/** Keeps account of what runs have of the machine: memory and GPUs are given once, processors in equal parts. */
export class Machine {
  readonly #options: MachineOptions;
  readonly #taken = new Set<Share>();
  /** Parts of the machine, and so runs at the same time. */
  readonly parts: number;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.parts = options.runsMax ?? partsOf(options);
  }

  /** What a run that comes now could have; nothing while there is no room. */
  get free(): { readonly memoryMib: number; readonly vramMib: number } {
    if (this.#taken.size >= this.parts) return { memoryMib: 0, vramMib: 0 };
    return { memoryMib: this.#freeMemoryMib(), vramMib: Math.max(0, ...this.#freeGpus().map((gpu) => gpu.vram_mib)) };
  }

  get hasRoom(): boolean {
    return this.free.memoryMib >= memoryMibMin;
  }

  /** A part of the machine, or what the run needs where that is more; undefined where it is not free. */
  take(needs: RunNeeds): Share | undefined {
    const { cpus, memoryMib } = this.#options;
    if (this.#taken.size >= this.parts || needs.memoryMib > this.#freeMemoryMib()) return undefined;
    const gpu = this.#freeGpus().find((each) => each.vram_mib >= needs.vramMib);
    if (needs.vramMib > 0 && !gpu) return undefined;
    const share = {
      cpus: Math.max(cpusMin, cpus / this.parts),
      memoryMib: Math.min(this.#freeMemoryMib(), Math.max(needs.memoryMib, Math.floor(memoryMib / this.parts))),
      gpus: gpu && (needs.vramMib > 0 || needs.likesGpu) ? [gpu.uuid] : [],
    };
    return this.hold(share);
  }

  /** Notes what a run of an earlier life has already. */
  hold(share: Share): Share {
    this.#taken.add(share);
    return share;
  }

  release(share: Share): void {
    this.#taken.delete(share);
  }

  #freeMemoryMib(): number {
    const taken = [...this.#taken].reduce((sum, share) => sum + share.memoryMib, 0);
    return Math.max(0, this.#options.memoryMib - taken);
  }

  /** The least used first. */
  #freeGpus(): Gpu[] {
    const uses = (gpu: Gpu): number => [...this.#taken].filter((share) => share.gpus.includes(gpu.uuid)).length;
    return this.#options.gpus
      .filter((gpu) => this.#options.sharesGpus || uses(gpu) === 0)
      .toSorted((left, right) => uses(left) - uses(right));
  }
}

function partsOf({ cpus, memoryMib, gpus }: MachineOptions): number {
  const parts = Math.min(Math.floor(cpus / usefulPart.cpus), Math.floor(memoryMib / usefulPart.memoryMib));
  return Math.min(runsMaxOfAny, Math.max(1, gpus.length, parts));
}
