import { isFinalRun, runCanMove } from '@agon/contracts';
import type { Clock } from '@agon/kit';
import type { EventStore, RunRecord, RunStore } from '@agon/store';

const byAge = (a: RunRecord, b: RunRecord): number =>
  a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1);

/** Runs in memory, with the rules of the port; what the scheduler has no use for is not there. */
export function memoryRuns(clock: Clock, events: EventStore): RunStore {
  const runs = new Map<string, RunRecord>();
  const where = (keep: (run: RunRecord) => boolean): RunRecord[] =>
    structuredClone([...runs.values()].filter(keep).toSorted(byAge));
  const absent = async (): Promise<never> => {
    throw new Error('The scheduler does not call this.');
  };

  return {
    async insert(run, event) {
      if (runs.has(run.id)) return;
      runs.set(run.id, structuredClone(run));
      await events.append(run.jobId, event);
    },
    find: async (runId) => structuredClone(runs.get(runId)),
    listByJob: async (jobId) => where((run) => run.jobId === jobId),
    listByStatus: async ({ statuses, limit }) => where((run) => statuses.includes(run.status)).slice(0, limit),
    async move({ runId, from, to, fence, set, event }) {
      const states = [from].flat();
      for (const state of states) {
        if (!runCanMove({ from: state, to })) throw new RangeError(`A run cannot move from ${state} to ${to}.`);
      }
      const run = runs.get(runId);
      if (!run || !states.includes(run.status) || (fence !== undefined && run.fence !== fence)) return undefined;
      const ended = isFinalRun(to) ? { finishedAt: new Date(clock.nowMs()) } : {};
      runs.set(runId, { ...run, ...ended, ...structuredClone(set), status: to });
      await events.append(run.jobId, event);
      return structuredClone(runs.get(runId));
    },
    async update({ runId, while: states, set }) {
      const run = runs.get(runId);
      if (!run || !states.includes(run.status)) return undefined;
      runs.set(runId, { ...run, ...structuredClone(set) });
      return structuredClone(runs.get(runId));
    },
    listByMiner: absent,
    countByJob: absent,
    countByMiner: absent,
    async deleteByJob(jobId) {
      for (const run of where((one) => one.jobId === jobId)) runs.delete(run.id);
    },
  };
}
