import type { SeatRecord } from '@agon/store';
import { expect, it } from 'vitest';
import { builtAt } from '../builders.ts';
import type { GetContext, StoreContext } from './context.ts';

async function seatsOf({ stores, newId }: StoreContext, count: number): Promise<SeatRecord[]> {
  const jobId = newId('job');
  await stores.seats.ensure({ jobId, count, createdAt: builtAt });
  return stores.seats.listByJob(jobId);
}

async function leased(context: StoreContext): Promise<SeatRecord> {
  const [seat] = await seatsOf(context, 1);
  const claimed = await context.stores.seats.claim(claimOf(context, seat!));
  return claimed!;
}

const claimOf = ({ newId, clock }: StoreContext, seat: SeatRecord) => ({
  seatId: seat.id,
  fence: seat.fence,
  minerId: newId('miner'),
  runId: newId('run'),
  now: clock.date(),
});

export function seatContract(context: GetContext): void {
  it('makes the seats of a job once', async () => {
    const { stores, newId } = context();
    const jobId = newId('job');
    await Promise.all(Array.from({ length: 5 }, () => stores.seats.ensure({ jobId, count: 3, createdAt: builtAt })));
    const seats = await stores.seats.listByJob(jobId);
    expect(seats.map((seat) => [seat.id, seat.index])).toEqual([0, 1, 2].map((index) => [`${jobId}.${index}`, index]));
    expect(seats[0]).toMatchObject({
      status: 'open',
      fence: 0,
      attempts: 0,
      minerId: null,
      runId: null,
      leasedAt: null,
    });
    expect(await stores.seats.find(`${jobId}.2`)).toEqual(seats[2]);
    expect(await stores.seats.find(`${jobId}.3`)).toBeUndefined();
  });

  it('lists the seats of several jobs', async () => {
    const { stores } = context();
    const [one, two] = [await seatsOf(context(), 2), await seatsOf(context(), 1)];
    const listed = await stores.seats.listByJobs([one[0]!.jobId, two[0]!.jobId]);
    expect(listed).toEqual([...one, ...two]);
    expect(await stores.seats.listByJobs([])).toEqual([]);
  });

  it('gives a seat to exactly one of many who claim it', async () => {
    const { stores } = context();
    const [seat] = await seatsOf(context(), 1);
    const claims = Array.from({ length: 30 }, () => claimOf(context(), seat!));
    const answers = await Promise.all(claims.map((claim) => stores.seats.claim(claim)));
    const winners = answers.filter((answer) => answer !== undefined);
    expect(winners).toHaveLength(1);
    expect(winners[0]).toMatchObject({ status: 'leased', fence: 1, attempts: 1 });
    expect(await stores.seats.find(seat!.id)).toEqual(winners[0]);
  });

  it('gives a miner one seat of a job, also when it claims all at once', async () => {
    const { stores, newId } = context();
    const seats = await seatsOf(context(), 8);
    const minerId = newId('miner');
    const answers = await Promise.all(
      seats.map((seat) => stores.seats.claim({ ...claimOf(context(), seat), minerId })),
    );
    expect(answers.filter((answer) => answer !== undefined)).toHaveLength(1);
    const after = await stores.seats.listByJob(seats[0]!.jobId);
    expect(after.filter((seat) => seat.status === 'open' && seat.fence === 0)).toHaveLength(7);
  });

  it('gives a miner seats of different jobs', async () => {
    const { stores, newId } = context();
    const minerId = newId('miner');
    for (let index = 0; index < 3; index += 1) {
      const [seat] = await seatsOf(context(), 1);
      expect(await stores.seats.claim({ ...claimOf(context(), seat!), minerId })).toMatchObject({ minerId });
    }
  });

  it('refuses a claim with an old fence', async () => {
    const { stores } = context();
    const seat = await leased(context());
    const open = await stores.seats.release({ seatId: seat.id, fence: 1, to: 'open' });
    expect(open).toMatchObject({ status: 'open', fence: 1, minerId: null, runId: null, leasedAt: null, attempts: 1 });
    expect(await stores.seats.claim({ ...claimOf(context(), open!), fence: 0 })).toBeUndefined();
    expect(await stores.seats.claim(claimOf(context(), open!))).toMatchObject({ fence: 2, attempts: 2 });
  });

  it('lets another miner take a lapsed seat, and then the old holder cannot return', async () => {
    const { stores } = context();
    const seat = await leased(context());
    const lapsed = await stores.seats.lapse({ seatId: seat.id, fence: 1 });
    expect(lapsed).toEqual({ ...seat, status: 'lapsed' });
    const taken = await stores.seats.claim(claimOf(context(), lapsed!));
    expect(taken).toMatchObject({ status: 'leased', fence: 2 });
    expect(await stores.seats.resume({ seatId: seat.id, fence: 1 })).toBeUndefined();
    expect(await stores.seats.release({ seatId: seat.id, fence: 1, to: 'closed' })).toBeUndefined();
    expect(await stores.seats.lapse({ seatId: seat.id, fence: 1 })).toBeUndefined();
    expect(await stores.seats.find(seat.id)).toEqual(taken);
  });

  it('lets either the old holder or a new one have a lapsed seat', async () => {
    const { stores } = context();
    for (let round = 0; round < 10; round += 1) {
      const seat = await leased(context());
      const lapsed = await stores.seats.lapse({ seatId: seat.id, fence: 1 });
      const [resumed, claimed] = await Promise.all([
        stores.seats.resume({ seatId: seat.id, fence: 1 }),
        stores.seats.claim(claimOf(context(), lapsed!)),
      ]);
      expect([resumed, claimed].filter((answer) => answer !== undefined)).toHaveLength(1);
    }
  });

  it('gives the holder of a lapsed seat the same seat by a new claim too', async () => {
    const { stores } = context();
    const seat = await leased(context());
    const lapsed = await stores.seats.lapse({ seatId: seat.id, fence: 1 });
    const claim = { ...claimOf(context(), lapsed!), minerId: seat.minerId! };
    expect(await stores.seats.claim(claim)).toMatchObject({ fence: 2, minerId: seat.minerId });
  });

  it('lists free seats oldest first', async () => {
    const { stores, newId } = context();
    const jobIds = [newId('job'), newId('job')];
    // Long before every other seat of this suite.
    await stores.seats.ensure({ jobId: jobIds[0]!, count: 2, createdAt: new Date(2_000) });
    await stores.seats.ensure({ jobId: jobIds[1]!, count: 2, createdAt: new Date(1_000) });
    const [first] = await stores.seats.listByJob(jobIds[1]!);
    const claimed = await stores.seats.claim(claimOf(context(), first!));
    const ids = async () => (await stores.seats.listFree({ limit: 3 })).map((seat) => seat.id);
    expect(await ids()).toEqual([`${jobIds[1]}.1`, `${jobIds[0]}.0`, `${jobIds[0]}.1`]);
    await stores.seats.lapse({ seatId: claimed!.id, fence: 1 });
    expect(await ids()).toEqual([`${jobIds[1]}.0`, `${jobIds[1]}.1`, `${jobIds[0]}.0`]);
  });

  it('keeps the miner of a closed seat, who then gets no other of the job', async () => {
    const { stores, newId } = context();
    const [one, two] = await seatsOf(context(), 2);
    const minerId = newId('miner');
    const seat = await stores.seats.claim({ ...claimOf(context(), one!), minerId });
    const closed = await stores.seats.release({ seatId: seat!.id, fence: 1, to: 'closed' });
    expect(closed).toEqual({ ...seat, status: 'closed' });
    expect(await stores.seats.claim({ ...claimOf(context(), closed!), fence: 1 })).toBeUndefined();
    expect(await stores.seats.claim({ ...claimOf(context(), two!), minerId })).toBeUndefined();
  });

  it('closes free seats, or all', async () => {
    const { stores } = context();
    const [one, two, three] = await seatsOf(context(), 3);
    const jobId = one!.jobId;
    await stores.seats.claim(claimOf(context(), one!));
    await stores.seats.claim(claimOf(context(), two!));
    await stores.seats.lapse({ seatId: two!.id, fence: 1 });
    expect(await stores.seats.closeFree(jobId)).toBe(2);
    const statuses = async () => (await stores.seats.listByJob(jobId)).map((seat) => seat.status);
    expect(await statuses()).toEqual(['leased', 'closed', 'closed']);
    expect(await stores.seats.closeAll(jobId)).toBe(1);
    expect(await statuses()).toEqual(['closed', 'closed', 'closed']);
    expect(three).toMatchObject({ index: 2 });
  });

  it('forgets the seats of a deleted job', async () => {
    const { stores } = context();
    const [seat] = await seatsOf(context(), 2);
    await stores.seats.deleteByJob(seat!.jobId);
    expect(await stores.seats.listByJob(seat!.jobId)).toEqual([]);
  });
}
