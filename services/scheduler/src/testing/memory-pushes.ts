import type { PushRecord, PushStore } from '@agon/store';

const ended = { token: null, nextAttemptAt: null } as const;

/** Pushes in memory; every method changes or reads at once, as one write of the database does. */
export function memoryPushes(): PushStore & { readonly records: Map<string, PushRecord> } {
  const records = new Map<string, PushRecord>();
  const all = (keep: (push: PushRecord) => boolean): PushRecord[] =>
    structuredClone([...records.values()].filter(keep));
  function change(push: PushRecord | undefined, set: Partial<PushRecord>): PushRecord | undefined {
    if (push) Object.assign(push, set);
    return structuredClone(push);
  }
  const holds = (push: PushRecord | undefined, attempt: number): PushRecord | undefined =>
    push?.status === 'pushing' && push.attempts === attempt ? push : undefined;
  const isWaiting = (push: PushRecord): boolean => push.status === 'pending' && push.nextAttemptAt === null;
  return {
    records,
    async insert(push) {
      if (records.has(push.id)) return false;
      records.set(push.id, structuredClone(push));
      return true;
    },
    find: async (pushId) => structuredClone(records.get(pushId)),
    findInRegistry: async (repo) =>
      all((push) => push.repo === repo && push.where === 'registry' && push.status === 'done')[0],
    listByModels: async (modelIds) => all((push) => modelIds.includes(push.modelId)),
    listDue: async ({ now, silentSince }) =>
      all(
        (push) =>
          (push.status === 'pending' && push.nextAttemptAt !== null && push.nextAttemptAt <= now) ||
          (push.status === 'pushing' && push.updatedAt <= silentSince),
      ),
    listWaiting: async ({ before }) => all((push) => isWaiting(push) && push.createdAt <= before),
    async release({ modelId, now }) {
      for (const push of records.values()) {
        if (push.modelId !== modelId || !isWaiting(push)) continue;
        change(push, { nextAttemptAt: now, askedAt: now, updatedAt: now });
      }
    },
    async claim({ pushId, now, silentSince }) {
      const push = records.get(pushId);
      const free =
        push?.status === 'pending' ? !isWaiting(push) : push?.status === 'pushing' && push.updatedAt <= silentSince;
      return free && push
        ? change(push, { status: 'pushing', progress: 0, attempts: push.attempts + 1, updatedAt: now })
        : undefined;
    },
    touch: async ({ pushId, attempt, progress, now }) =>
      change(holds(records.get(pushId), attempt), { progress, updatedAt: now }) !== undefined,
    settle: async ({ pushId, attempt, to, set, now }) =>
      change(holds(records.get(pushId), attempt), {
        ...set,
        ...(to === 'pending' ? {} : ended),
        ...(to === 'done' ? { progress: 1 } : {}),
        status: to,
        updatedAt: now,
      }),
    async restart({ pushId, set, now }) {
      const push = records.get(pushId);
      if (push?.status === 'pushing') return undefined;
      return change(push, {
        ...set,
        status: 'pending',
        message: null,
        askedAt: now,
        nextAttemptAt: now,
        updatedAt: now,
      });
    },
    async endWaiting({ modelId, message, now }) {
      const found = [...records.values()].filter((push) => push.modelId === modelId && isWaiting(push));
      for (const push of found) change(push, { ...ended, status: 'failed', message, updatedAt: now });
      return found.length;
    },
    async deleteByModel(modelId) {
      for (const [id, push] of records) if (push.modelId === modelId) records.delete(id);
    },
  };
}
