import type { SeatRecord, SeatStore } from '@agon/store';

const vacant = { minerId: null, runId: null, leasedAt: null } as const;

/** Seats in memory, with the rules of the port. */
export function memorySeats(): SeatStore & { insert(seat: SeatRecord): void } {
  const seats = new Map<string, SeatRecord>();
  const where = (keep: (seat: SeatRecord) => boolean): SeatRecord[] =>
    structuredClone([...seats.values()].filter(keep).toSorted((a, b) => (a.id < b.id ? -1 : 1)));

  type At = { seatId: string; fence: number };
  function change({ seatId, fence }: At, from: readonly string[], set: Partial<SeatRecord>): SeatRecord | undefined {
    const seat = seats.get(seatId);
    if (seat?.fence !== fence || !from.includes(seat.status)) return undefined;
    seats.set(seatId, { ...seat, ...set });
    return structuredClone(seats.get(seatId));
  }

  function close(jobId: string, from: readonly string[]): number {
    const found = where((seat) => seat.jobId === jobId && from.includes(seat.status));
    for (const seat of found) seats.set(seat.id, { ...seat, status: 'closed' });
    return found.length;
  }

  return {
    insert: (seat) => void seats.set(seat.id, structuredClone(seat)),
    async ensure({ jobId, count, createdAt }) {
      for (let index = 0; index < count; index += 1) {
        const id = `${jobId}.${index}`;
        const seat = { id, jobId, index, status: 'open', fence: 0, attempts: 0, createdAt, ...vacant } as const;
        if (!seats.has(id)) seats.set(id, seat);
      }
    },
    find: async (seatId) => structuredClone(seats.get(seatId)),
    listByJob: async (jobId) => where((seat) => seat.jobId === jobId),
    listByJobs: async (jobIds) => where((seat) => jobIds.includes(seat.jobId)),
    listFree: async ({ limit }) =>
      where((seat) => seat.status === 'open' || seat.status === 'lapsed')
        .toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime())
        .slice(0, limit),
    async claim({ seatId, fence, minerId, runId, now }) {
      const attempts = (seats.get(seatId)?.attempts ?? 0) + 1;
      const set = { status: 'leased', fence: fence + 1, attempts, minerId, runId, leasedAt: now } as const;
      return change({ seatId, fence }, ['open', 'lapsed'], set);
    },
    lapse: async (at) => change(at, ['leased'], { status: 'lapsed' }),
    resume: async (at) => change(at, ['lapsed'], { status: 'leased' }),
    release: async ({ to, ...at }) =>
      change(at, ['leased', 'lapsed'], to === 'open' ? { status: to, ...vacant } : { status: to }),
    closeFree: async (jobId) => close(jobId, ['open', 'lapsed']),
    closeAll: async (jobId) => close(jobId, ['open', 'leased', 'lapsed']),
    async deleteByJob(jobId) {
      for (const seat of where((one) => one.jobId === jobId)) seats.delete(seat.id);
    },
  };
}
