import type { NewId } from '@agon/kit';
import type { Stores } from '@agon/store';
import type { FixedClock } from '../fixed-clock.ts';

/** What every part of the suite works with. The stores begin empty; each test makes ids of its own. */
export type StoreContext = { readonly stores: Stores; readonly clock: FixedClock; readonly newId: NewId };

/** The context is there once the suite runs. */
export type GetContext = () => StoreContext;
