import { expect, test } from 'vitest';
import { gpusOf, gpuUsageOf } from './gpus.ts';

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

test('utilization is a share, and unknown where the driver does not know it', () => {
  expect(gpuUsageOf('GPU-1a2b, 37, 4096\nGPU-3c4d, [N/A], 12\n')).toEqual([
    { uuid: 'GPU-1a2b', utilization: 0.37, memory_mib: 4096 },
    { uuid: 'GPU-3c4d', utilization: 0, memory_mib: 12 },
  ]);
});
