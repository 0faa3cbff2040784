import type { SchedulerDeps } from '../scheduler-deps.ts';

/** A process that died: nothing that it would have done afterwards happens. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/** The process dies at its call number `at` to a store or queue, before the call has an effect or after it. */
export type CrashPoint = { readonly at: number; readonly when: 'before' | 'after' };

/**
 * The same stores and queue, through which a handler reaches the point where it crashes. `calls` counts, so that a test
 * knows when it has tried every point. A real process that died does not catch the crash, so every call after it fails.
 */
export function crashing(deps: SchedulerDeps, point: CrashPoint): SchedulerDeps & { readonly calls: () => number } {
  let calls = 0;
  let crashed = false;

  /** `streams` names the methods that answer an async iterable at once. */
  const wrap = <T extends object>(target: T, streams: readonly (string | symbol)[] = []): T =>
    new Proxy(target, {
      get(store, name) {
        const member: unknown = Reflect.get(store, name);
        if (typeof member !== 'function') return member;
        return (...input: unknown[]) =>
          guarded(() => Reflect.apply(member, store, input), streams.includes(name) ? failStream : fail);
      },
    });

  function guarded(call: () => unknown, die: () => unknown): unknown {
    calls += 1;
    const isPoint = calls === point.at;
    if (crashed || (isPoint && point.when === 'before')) {
      crashed = true;
      return die();
    }
    const answer = call();
    if (!isPoint || !(answer instanceof Promise)) return answer;
    crashed = true;
    return answer.then(fail);
  }

  const { stores, artifacts, queue } = deps;
  const named = Object.entries(stores).map(([name, store]) => [
    name,
    typeof store === 'object' ? wrap(store as object) : store,
  ]);
  return {
    ...deps,
    stores: Object.fromEntries(named) as typeof stores,
    artifacts: { ...wrap(artifacts, ['read', 'list']), staging: wrap(artifacts.staging) },
    queue: wrap(queue),
    calls: () => calls,
  };
}

const fail = (): Promise<never> => Promise.reject(new Crash());
// biome-ignore lint/correctness/useYield: it fails before it has anything to yield
const failStream = async function* (): AsyncGenerator<never> {
  throw new Crash();
};
