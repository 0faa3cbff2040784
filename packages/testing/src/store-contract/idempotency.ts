import { expect, it } from 'vitest';
import type { GetContext, StoreContext } from './context.ts';

const minuteMs = 60_000;

const reservation = ({ newId, clock }: StoreContext) => ({
  key: newId('key'),
  bodyHash: 'one',
  jobId: newId('job'),
  // Of the real time too, or the server itself would remove it at once.
  expiresAt: new Date(Math.max(Date.now(), clock.nowMs()) + minuteMs),
});

export function idempotencyContract(context: GetContext): void {
  it('reserves a key for the first of many requests and tells the others whose it is', async () => {
    const { stores, newId } = context();
    const first = reservation(context());
    const asked = Array.from({ length: 10 }, () => ({ ...first, jobId: newId('job') }));
    const answers = await Promise.all(asked.map((one) => stores.idempotency.reserve(one)));
    const winner = asked[answers.indexOf(undefined)];
    expect(answers.filter((answer) => answer === undefined)).toHaveLength(1);
    const others = answers.filter((answer) => answer !== undefined);
    expect(new Set(others.map((other) => other.jobId))).toEqual(new Set([winner?.jobId]));
  });

  it('tells the body that the key was reserved with', async () => {
    const { stores } = context();
    const first = reservation(context());
    await stores.idempotency.reserve(first);
    const again = await stores.idempotency.reserve({ ...first, bodyHash: 'two', jobId: 'job_other000' });
    expect(again).toEqual({ bodyHash: 'one', jobId: first.jobId });
  });

  it('gives a key again after its time', async () => {
    const { stores, clock } = context();
    const first = reservation(context());
    await stores.idempotency.reserve({ ...first, expiresAt: new Date(clock.nowMs() + minuteMs) });
    clock.advance(minuteMs);
    expect(await stores.idempotency.reserve(first)).toBeUndefined();
  });

  it('gives a key again that was freed', async () => {
    const { stores } = context();
    const first = reservation(context());
    await stores.idempotency.reserve(first);
    await stores.idempotency.free(first.key);
    expect(await stores.idempotency.reserve(first)).toBeUndefined();
  });
}
