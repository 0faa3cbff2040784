import { AppError, type HubRepoType } from '@agon/contracts';
import type { HubCaller, HubDeps } from '../hub-deps.ts';
import type { TreeReader } from '../tree/tree-reader.ts';
import type { HubAnswer, HubRequest } from './exchange.ts';

export type HubContext = {
  readonly deps: HubDeps;
  readonly trees: TreeReader;
  readonly caller: HubCaller;
  /** Of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly request: HubRequest;
  /** Where the registry is for this client, without a slash at the end. */
  readonly base: string;
};

export type HubRoute = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /**
   * Segments: `:name` is one, `*name` the rest (it may be empty), `:types` is `models` or `datasets`, and `{datasets}` is
   * there for datasets only.
   */
  readonly path: string;
  readonly handle: (context: HubContext) => Promise<HubAnswer>;
};

export type Match = { readonly route: HubRoute; readonly params: Readonly<Record<string, string>> };

const pieces: readonly (readonly [RegExp, string])[] = [
  [/\./g, '\\.'],
  [/:types\b/g, '(?<types>models|datasets)'],
  [/\/:(\w+)/g, '/(?<$1>[^/]+)'],
  [/\/\{datasets\}/g, '(?:/(?<datasets>datasets))?'],
  [/\/\*(\w+)/g, '(?:/(?<$1>.*))?'],
];

const patternOf = (path: string): RegExp =>
  new RegExp(`^${pieces.reduce((pattern, [from, to]) => pattern.replace(from, to), path)}$`);

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new AppError('invalid_request', 'The address is not well-formed.');
  }
}

/** Finds the route of a path (still encoded): the first that fits. HEAD is served by GET. */
export function createRouter(routes: readonly HubRoute[]): (method: string, path: string) => Match {
  const table = routes.map((route) => ({ route, pattern: patternOf(route.path) }));
  return (method, path) => {
    const wanted = method === 'HEAD' ? 'GET' : method;
    const fitting = table.filter(({ pattern }) => pattern.test(path));
    const found = fitting.find(({ route }) => route.method === wanted);
    if (found) {
      const groups = Object.entries(found.pattern.exec(path)?.groups ?? {});
      const params = groups.flatMap(([name, value]) => (value === undefined ? [] : [[name, decode(value)] as const]));
      return { route: found.route, params: Object.fromEntries(params) };
    }
    if (fitting.length > 0) {
      const allow = fitting.map(({ route }) => route.method).join(', ');
      throw new AppError('method_not_allowed', `${method} is not a method of this address; ${allow} is.`, { allow });
    }
    throw new AppError('hub_unsupported', `This registry has no ${method} ${path.slice(0, 200)}.`);
  };
}

/** The kind of repo that an address is about. */
export const repoTypeOf = ({ types, datasets }: HubContext['params']): HubRepoType =>
  types === 'datasets' || datasets !== undefined ? 'dataset' : 'model';

/** A switch of the query; clients write `true`, `True` or `1`. */
export const isOn = (value: string | null): boolean => /^(true|1)$/i.test(value ?? '');
