import { fixedClock } from '@agon/testing';
import { expect, it } from 'vitest';
import { stuckWatch } from './stuck-watch.ts';

const name = 'job.judge';

function watched() {
  const clock = fixedClock();
  return { clock, watch: stuckWatch({ clock, stuckMs: 1_000 }) };
}

it('calls a queue stuck whose work waits beside a free worker for too long', () => {
  const { clock, watch } = watched();
  watch.look({ name, waiting: 1, busy: false });
  clock.advance(999);
  watch.look({ name, waiting: 1, busy: false });
  expect(watch.stuck()).toEqual([]);
  clock.advance(1);
  expect(watch.stuck()).toEqual([name]);
});

it('counts anew when work began, when nothing waits and when every place is taken', () => {
  for (const relief of [
    (watch: ReturnType<typeof stuckWatch>) => watch.began(name),
    (watch: ReturnType<typeof stuckWatch>) => watch.look({ name, waiting: 0, busy: false }),
    (watch: ReturnType<typeof stuckWatch>) => watch.look({ name, waiting: 5, busy: true }),
  ]) {
    const { clock, watch } = watched();
    watch.look({ name, waiting: 1, busy: false });
    clock.advance(999);
    relief(watch);
    watch.look({ name, waiting: 1, busy: false });
    clock.advance(999);
    expect(watch.stuck()).toEqual([]);
  }
});
