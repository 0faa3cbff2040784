import { isFinalJob, jobCanMove } from '@agon/contracts';
import type { Clock } from '@agon/kit';
import type { EventRecord, EventStore, JobRecord, JobStore, NewEvent } from '@agon/store';

/** Jobs and their log in memory, with the rules of the port. */
export function memoryJobs(clock: Clock): { jobs: JobStore; events: EventStore; log(jobId: string): EventRecord[] } {
  const jobs = new Map<string, JobRecord>();
  const announced = new Set<string>();
  const events: EventRecord[] = [];
  const now = (): Date => new Date(clock.nowMs());

  function append(jobId: string, event: NewEvent): void {
    const sequence = events.filter((one) => one.jobId === jobId).length + 1;
    const key = event.key ?? `own-${events.length}`;
    if (!jobs.has(jobId) || events.some((one) => one.jobId === jobId && one.key === key)) return;
    const { type, message, level = 'info', data = {} } = event;
    const id = `evt_${String(events.length).padStart(8, '0')}`;
    events.push(structuredClone({ id, jobId, sequence, key, type, level, message, data, createdAt: now() }));
  }

  function change(jobId: string, set: Partial<JobRecord>, event?: NewEvent): JobRecord {
    const job = { ...(jobs.get(jobId) as JobRecord), updatedAt: now(), ...structuredClone(set) };
    jobs.set(jobId, job);
    if (event) append(jobId, event);
    return structuredClone(job);
  }

  return {
    log: (jobId) => structuredClone(events.filter((event) => event.jobId === jobId)),
    jobs: {
      async insert(job, event) {
        jobs.set(job.id, structuredClone(job));
        append(job.id, event);
      },
      find: async (jobId) => structuredClone(jobs.get(jobId)),
      async list({ statuses, after, limit }) {
        const newest = [...jobs.values()].toSorted((a, b) => (a.id < b.id ? 1 : -1));
        const wanted = newest.filter((job) => statuses?.includes(job.status) !== false);
        return structuredClone(wanted.filter((job) => after === undefined || job.id < after).slice(0, limit));
      },
      async move({ jobId, from, to, set, event }) {
        const states = [from].flat();
        for (const state of states) {
          if (!jobCanMove({ from: state, to })) throw new RangeError(`A job cannot move from ${state} to ${to}.`);
        }
        const job = jobs.get(jobId);
        if (!job || !states.includes(job.status)) return undefined;
        return change(jobId, { ...(isFinalJob(to) ? { finishedAt: now() } : {}), ...set, status: to }, event);
      },
      async update({ jobId, while: states, unset = [], set, event }) {
        const job = jobs.get(jobId);
        if (!job || !states.includes(job.status) || unset.some((field) => job[field] !== null)) return undefined;
        return change(jobId, set, event);
      },
      async delete(jobId) {
        jobs.delete(jobId);
      },
      async listUnannounced({ limit }) {
        const ended = [...jobs.values()].filter((job) => isFinalJob(job.status) && !announced.has(job.id));
        return structuredClone(ended.slice(0, limit));
      },
      async markAnnounced(jobId) {
        announced.add(jobId);
      },
    },
    events: {
      append: async (jobId, event) => append(jobId, event),
      async list({ jobId, afterSequence, limit }) {
        const own = events.filter((event) => event.jobId === jobId && event.sequence > afterSequence);
        return structuredClone(own.slice(0, limit));
      },
      async listNewest({ jobId, beforeSequence, limit }) {
        const own = events.filter((event) => event.jobId === jobId && event.sequence < beforeSequence);
        return structuredClone(own.toReversed().slice(0, limit));
      },
      repair: async () => 0,
      async deleteByJob(jobId) {
        const kept = events.filter((event) => event.jobId !== jobId);
        events.splice(0, events.length, ...kept);
      },
    },
  };
}
