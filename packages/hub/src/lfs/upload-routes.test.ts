import { expect, test } from 'vitest';
import { partSize } from './upload-routes.ts';

test.each([
  [{ bytes: 25, partBytes: 10 }, [10, 10, 5, undefined]],
  [{ bytes: 20, partBytes: 10 }, [10, 10, undefined, undefined]],
  [{ bytes: 20, partBytes: null }, [undefined, undefined, undefined, undefined]],
])('the parts of %j have %j bytes', (upload, sizes) => {
  expect([1, 2, 3, 4].map((number) => partSize(upload, number))).toEqual(sizes);
  for (const number of [0, -1, 1.5, Number.NaN]) expect(partSize(upload, number)).toBeUndefined();
});
