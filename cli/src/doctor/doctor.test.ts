import { describe, expect, test } from 'vitest';
import { checkSizes } from './check-machine.ts';
import { checkClock } from './check-service.ts';

const machine = { gpus: [], vram_mib: 0, memory_mib: 8_192, cpus: 4, disk_mib: 50_000 };

describe('the doctor', () => {
  test('names memory and disk that are too small, with what to do', () => {
    expect(checkSizes(machine).map(({ ok }) => ok)).toEqual([true, true]);
    const small = checkSizes({ ...machine, memory_mib: 512, disk_mib: 100 });
    expect(small.map(({ name, ok }) => [name, ok])).toEqual([
      ['memory', false],
      ['disk', false],
    ]);
    expect(small.every(({ fix }) => fix !== undefined)).toBe(true);
  });

  test('takes a clock for wrong from the minute on that signatures are refused', () => {
    expect(checkClock(-2)).toMatchObject({ ok: true, message: '2 s behind the service' });
    expect(checkClock(75)).toMatchObject({ ok: false, fix: expect.stringContaining('NTP') });
  });
});
