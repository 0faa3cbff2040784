import { describe, expect, test } from 'vitest';
import { hubRoutes } from '../routes.ts';
import { createRouter, repoTypeOf } from './route.ts';

const find = createRouter(hubRoutes);

describe('the router', () => {
  test.each([
    ['GET', '/api/models', { types: 'models' }],
    ['GET', '/api/datasets/a/b', { types: 'datasets', namespace: 'a', name: 'b' }],
    ['GET', '/api/models/a/b/tree/main', { types: 'models', namespace: 'a', name: 'b', revision: 'main' }],
    [
      'GET',
      '/api/models/a/b/tree/try%2Fone/x%2Fy',
      { types: 'models', namespace: 'a', name: 'b', revision: 'try/one', path: 'x/y' },
    ],
    ['HEAD', '/a/b/resolve/main/x/y%20z.txt', { namespace: 'a', name: 'b', revision: 'main', path: 'x/y z.txt' }],
    ['GET', '/datasets/a/b/raw/v1/x', { datasets: 'datasets', namespace: 'a', name: 'b', revision: 'v1', path: 'x' }],
    ['POST', '/a/b.c.git/info/lfs/objects/batch', { namespace: 'a', name: 'b.c' }],
    ['PUT', '/lfs/token/2', { upload: 'token', number: '2' }],
  ])('takes %s %s apart', (method, path, params) => {
    expect(find(method, path).params).toEqual(params);
  });

  test('tells datasets from models, however the address says it', () => {
    expect(repoTypeOf({ types: 'datasets' })).toBe('dataset');
    expect(repoTypeOf({ datasets: 'datasets' })).toBe('dataset');
    expect(repoTypeOf({ types: 'models' })).toBe('model');
    expect(repoTypeOf({})).toBe('model');
  });

  test.each([
    ['DELETE', '/api/models', 'method_not_allowed'],
    ['GET', '/api/spaces/a/b', 'hub_unsupported'],
    ['POST', '/api/models/a/b/super-squash/main', 'hub_unsupported'],
    ['GET', '/api/models/a/%E0%A4', 'invalid_request'],
  ])('refuses %s %s with %s', (method, path, code) => {
    expect(() => find(method, path)).toThrow(expect.objectContaining({ code }));
  });
});
