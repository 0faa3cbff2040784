import { ApiError } from '@agon/client';
import { describe, expect, test } from 'vitest';
import { shellManifest } from '../testing/job-folder.ts';
import { checkDisk, checkMemory } from './check-machine.ts';
import { checkClock, checkKey } from './check-service.ts';

const date = 'Tue, 24 Nov 2026 12:00:00 GMT';
const serviceMs = Date.parse(date);

describe('the clock', () => {
  test.each([
    [0, true],
    [20_000, true],
    [-20_000, true],
    [45_000, false],
    [-3_600_000, false],
  ])('that is %i ms off passes: %s', (offMs, ok) => {
    expect(checkClock(date, { nowMs: serviceMs + 500 + offMs, roundTripMs: 0 })).toMatchObject({ ok });
  });

  test('is not judged by a service that does not say the time', () => {
    expect(checkClock(null, { nowMs: 0, roundTripMs: 0 }).ok).toBeNull();
    expect(checkClock('yesterday', { nowMs: 0, roundTripMs: 0 }).ok).toBeNull();
  });
});

describe('the key', () => {
  const refusing = (code: string) => ({
    runs: async () => {
      throw new ApiError('no', { status: 401, code });
    },
  });

  test('that the service does not know yet is fine', async () => {
    expect(await checkKey(refusing('miner_not_registered'))).toMatchObject({ ok: true });
  });

  test.each(['invalid_signature', 'miner_banned'])('that is refused with %s is not', async (code) => {
    expect(await checkKey(refusing(code))).toMatchObject({ ok: false, message: expect.stringContaining(code) });
  });
});

test('recipes that need more memory than is offered are named', () => {
  const manifest = { ...shellManifest('true'), name: 'hungry', needs: { cpus: 1, memory_mib: 2_048, vram_mib: 0 } };
  const templates = [{ manifest, folder: '/x', foreign: false }];
  const machine = { memory_mib: 1_024, disk_mib: 0, gpus: [] };
  expect(checkMemory(machine, templates)).toMatchObject({
    ok: false,
    message: expect.stringContaining('hungry needs 2048'),
  });
  expect(checkMemory({ ...machine, memory_mib: 2_048 }, templates).ok).toBe(true);
});

test.each([
  [1_000, false],
  [5_000, null],
  [50_000, true],
])('a disk with %i MiB free is %s', (free, ok) => {
  expect(checkDisk({ disk_mib: free, memory_mib: 0, gpus: [] }).ok).toBe(ok);
});
