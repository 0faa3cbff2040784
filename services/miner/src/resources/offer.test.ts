import { expect, test } from 'vitest';
import { offered } from './offer.ts';

const gpus = ['a', 'b'].map((name, index) => ({ uuid: `GPU-${name}`, name, vram_mib: 8_000 * (index + 1) }));
const machine = { gpus, vram_mib: 16_000, memory_mib: 4_096, cpus: 8, disk_mib: 10_000 };

test('all of the machine is offered where the owner says nothing', () => {
  expect(offered(machine, {})).toEqual(machine);
});

test('the owner may keep some back', () => {
  expect(offered(machine, { cpus: 2, memoryMib: 1_024, gpus: 'GPU-a' })).toEqual({
    ...machine,
    gpus: [gpus[0]],
    vram_mib: 8_000,
    memory_mib: 1_024,
    cpus: 2,
  });
  expect(offered(machine, { gpus: 'none' })).toMatchObject({ gpus: [], vram_mib: 0 });
});

test('a GPU that is not there is named', () => {
  expect(() => offered(machine, { gpus: 'GPU-a,GPU-c' })).toThrow('no GPU GPU-c; nvidia-smi shows GPU-a, GPU-b');
});
