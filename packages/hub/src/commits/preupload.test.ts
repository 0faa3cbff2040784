import { describe, expect, test } from 'vitest';
import { uploadMode } from './preupload.ts';

const text = Buffer.from('plain text').toString('base64');
const binary = Buffer.from('\0\x01').toString('base64');
const node = 'node';
const python = 'unknown/None; hf_hub/2.4.0; python/3.11.2';

describe('a file', () => {
  test.each([
    ['of text', { size: 1_000, sample: text }, node, 'regular'],
    ['that is empty', { size: 0, sample: '' }, node, 'regular'],
    ['of bytes', { size: 1_000, sample: binary }, node, 'lfs'],
    ['of much text', { size: 2_000_000, sample: text }, node, 'lfs'],
    ['of bytes from a client that would use Xet', { size: 2_000_000, sample: binary }, python, 'regular'],
    ['too large even for that', { size: 1_000_000_000, sample: binary }, python, 'lfs'],
    ['of bytes from an older client', { size: 1_000, sample: binary }, 'x; hf_hub/0.36.0; y', 'lfs'],
    ['of bytes from the client after the next', { size: 1_000, sample: binary }, 'x; hf_hub/10.0.0', 'regular'],
  ])('%s travels as it can', (_, file, userAgent, mode) => {
    expect(uploadMode(file, userAgent)).toBe(mode);
  });
});
