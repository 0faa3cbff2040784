import { expect } from 'vitest';
import type { SchedulerDeps } from '../scheduler-deps.ts';
import { Crash, type CrashPoint, crashing } from './crashing.ts';
import { type Scenario, stateOf } from './race-scenario.ts';

const redeliveries = 3;
const callsMax = 500;

type Experiment = {
  readonly build: () => Promise<Scenario>;
  readonly deliver: (deps: SchedulerDeps) => Promise<unknown>;
  /** What may differ after a crash is left out of the comparison here. */
  readonly view?: (state: Awaited<ReturnType<typeof stateOf>>) => unknown;
};

/**
 * Lets a delivery die at its first call to a store or queue, before and after the call has an effect, then at its second,
 * and so on to its last; delivers again each time and expects the state of a delivery that did not die. Answers how many
 * points were tried.
 */
export async function crashEverywhere({ build, deliver, view = (state) => state }: Experiment): Promise<number> {
  const smooth = await build();
  await deliver(smooth);
  const expected = view(await stateOf(smooth));
  for (let at = 1; at <= callsMax; at += 1) {
    for (const when of ['before', 'after'] as const) {
      const scenario = await build();
      const reached = await dieAt(scenario, { at, when }, deliver);
      if (!reached) return at - 1;
      for (let count = 0; count < redeliveries; count += 1) await deliver(scenario);
      expect(view(await stateOf(scenario)), `after a crash ${when} call ${at}`).toEqual(expected);
    }
  }
  throw new Error(`The delivery makes more than ${callsMax} calls.`);
}

async function dieAt(scenario: Scenario, point: CrashPoint, deliver: Experiment['deliver']): Promise<boolean> {
  const dying = crashing(scenario, point);
  await deliver(dying).catch((error: unknown) => {
    if (!isOfCrash(error)) throw error;
  });
  return dying.calls() >= point.at;
}

const isOfCrash = (error: unknown): boolean =>
  error instanceof Crash || (error instanceof AggregateError && error.errors.every(isOfCrash));
