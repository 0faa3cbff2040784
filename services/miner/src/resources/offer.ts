import type { Capabilities } from '@agon/contracts';

type Detected = Omit<Capabilities, 'tasks' | 'templates'>;

export type Offer = {
  readonly cpus?: number | undefined;
  readonly memoryMib?: number | undefined;
  /** `all`, `none`, or uuids with commas. */
  readonly gpus?: string | undefined;
};

/**
 * What the owner offers of what the machine has.
 *
 * @throws TypeError for a GPU that is not there.
 */
export function offered(detected: Detected, offer: Offer): Detected {
  const gpus = gpusOf(detected, offer.gpus ?? 'all');
  return {
    ...detected,
    gpus,
    vram_mib: Math.max(0, ...gpus.map((gpu) => gpu.vram_mib)),
    cpus: offer.cpus ?? detected.cpus,
    memory_mib: offer.memoryMib ?? detected.memory_mib,
  };
}

function gpusOf({ gpus }: Detected, wanted: string): Detected['gpus'] {
  if (wanted === 'all') return gpus;
  if (wanted === 'none') return [];
  return wanted.split(',').map((text) => {
    const uuid = text.trim();
    const gpu = gpus.find((each) => each.uuid === uuid);
    if (gpu) return gpu;
    throw new TypeError(
      `There is no GPU ${uuid}; nvidia-smi shows ${gpus.map((each) => each.uuid).join(', ') || 'none'}.`,
    );
  });
}
