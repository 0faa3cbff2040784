import { z } from 'zod';

/**
 * A seat is `open` to any miner, `leased` to one, `lapsed` when that miner fell silent (any miner may take it, and the
 * old holder may still finish as long as nobody did), or `closed` when no more attempt will be made in it.
 */
export const SeatStatus = z.enum(['open', 'leased', 'lapsed', 'closed']);
export type SeatStatus = z.infer<typeof SeatStatus>;

export const seatMoves = {
  open: ['leased', 'closed'],
  leased: ['open', 'lapsed', 'closed'],
  lapsed: ['leased', 'open', 'closed'],
  closed: [],
} as const satisfies Record<SeatStatus, readonly SeatStatus[]>;
