import type { EvaluatorDeps } from '../evaluator-deps.ts';

/** A process that died: nothing that it would have done afterwards happens. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/** The process dies at its call number `at` to a store or queue, before the call has an effect or after it. */
export type CrashPoint = { readonly at: number; readonly when: 'before' | 'after' };

/** The same stores and queue, through which a handler reaches the point where it crashes; every later call fails. */
export function crashing<D extends EvaluatorDeps>(deps: D, point: CrashPoint): D & { readonly calls: () => number } {
  let calls = 0;
  const call = async (work: () => Promise<unknown>): Promise<unknown> => {
    calls += 1;
    const own = calls;
    if (own > point.at || (own === point.at && point.when === 'before')) throw new Crash();
    const answer = await work();
    if (own === point.at) throw new Crash();
    return answer;
  };
  const wrap = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(store, name) {
        const member: unknown = Reflect.get(store, name);
        if (typeof member !== 'function' || name === 'read') return member;
        return (...input: unknown[]) => call(() => Reflect.apply(member, store, input) as Promise<unknown>);
      },
    });
  const { stores, artifacts, queue } = deps;
  const { jobs, runs, seats, evaluations, events } = stores;
  return {
    ...deps,
    stores: {
      ...stores,
      jobs: wrap(jobs),
      runs: wrap(runs),
      seats: wrap(seats),
      evaluations: wrap(evaluations),
      events: wrap(events),
    },
    artifacts: wrap(artifacts),
    queue: wrap(queue),
    calls: () => calls,
  };
}
