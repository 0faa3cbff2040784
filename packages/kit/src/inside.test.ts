import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inside } from './inside.ts';

test.each(['../x', '/etc/passwd', '..', '.', '', 'a/../../x', 'a\0b', 'a/../..'])('%j is refused', (path) => {
  expect(() => inside('/data/runs', path)).toThrow(RangeError);
});

test('a plain path stays in its folder', () => {
  expect(inside('/data/runs', 'run_1/out/model.onnx')).toBe('/data/runs/run_1/out/model.onnx');
  expect(inside('/data/runs', 'a/../b')).toBe('/data/runs/b');
});

test('whatever the path, the answer is under the folder or an error', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('..', '.', 'a', 'b', '/', '', '\0')), (parts) => {
      try {
        expect(inside('/data/runs', parts.join('/'))).toMatch(/^\/data\/runs\/./);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
  );
});
