import { expect, test } from 'vitest';
import { gpusOf } from './detect-capabilities.ts';

test('each line of nvidia-smi is a GPU', () => {
  const text = 'GPU-1a2b, NVIDIA H100 80GB HBM3, 81559\nGPU-3c4d, NVIDIA RTX A6000, 49140\n';
  expect(gpusOf(text)).toEqual([
    { uuid: 'GPU-1a2b', name: 'NVIDIA H100 80GB HBM3', vram_mib: 81_559 },
    { uuid: 'GPU-3c4d', name: 'NVIDIA RTX A6000', vram_mib: 49_140 },
  ]);
});

test('a driver’s complaint is not a GPU', () => {
  expect(gpusOf("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n")).toEqual([]);
  expect(gpusOf('')).toEqual([]);
});
