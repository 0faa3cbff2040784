import type { Model } from 'mongoose';
import type { Paging } from '../ports/index.ts';

/**
 * A page of a list. Ids begin with their time, so their order is the order of creation; a cursor stays good when the
 * item that it names was deleted between two pages.
 */
export function newestFirst<T>(model: Model<T>, filter: Record<string, unknown>, paging: Paging) {
  const after = paging.after === undefined ? {} : { _id: { $lt: paging.after } };
  return model
    .find({ ...filter, ...after } as never)
    .sort({ _id: -1 })
    .limit(paging.limit);
}

/** The same, oldest first. */
export function oldestFirst<T>(model: Model<T>, filter: Record<string, unknown>, paging: Paging) {
  const after = paging.after === undefined ? {} : { _id: { $gt: paging.after } };
  return model
    .find({ ...filter, ...after } as never)
    .sort({ _id: 1 })
    .limit(paging.limit);
}
