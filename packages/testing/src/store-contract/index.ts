/**
 * What every adapter of the store's ports must do. An adapter's test calls `storeContract` with a way to open it.
 */
import { type Clock, idMaker } from '@agon/kit';
import type { Stores } from '@agon/store';
import { afterAll, beforeAll, describe } from 'vitest';
import { fixedClock } from '../fixed-clock.ts';
import { baseModelContract } from './base-models.ts';
import { blobContract } from './blobs.ts';
import type { StoreContext } from './context.ts';
import { eventContract } from './events.ts';
import { fileUploadContract } from './file-uploads.ts';
import { hubBlobContract } from './hub-blobs.ts';
import { hubRepoContract } from './hub-repos.ts';
import { idempotencyContract } from './idempotency.ts';
import { jobContract } from './jobs.ts';
import { keyContract } from './keys.ts';
import { minerContract } from './miners.ts';
import { modelContract } from './models.ts';
import { namespaceContract } from './namespaces.ts';
import { pushContract } from './pushes.ts';
import { runContract } from './runs.ts';
import { seatContract } from './seats.ts';
import { uploadContract } from './uploads.ts';
import { webhookContract } from './webhooks.ts';

const parts = {
  jobs: jobContract,
  events: eventContract,
  seats: seatContract,
  runs: runContract,
  'uploads, evaluations and files': uploadContract,
  'uploads of clients': fileUploadContract,
  models: modelContract,
  pushes: pushContract,
  'base models': baseModelContract,
  miners: minerContract,
  keys: keyContract,
  namespaces: namespaceContract,
  webhooks: webhookContract,
  'repos of the registry': hubRepoContract,
  'blobs of the registry': hubBlobContract,
  idempotency: idempotencyContract,
  'references to blobs': blobContract,
};

/** @param open opens stores on an empty database. */
export function storeContract(name: string, open: (deps: { clock: Clock }) => Promise<Stores>): void {
  describe(name, () => {
    const clock = fixedClock();
    let context: StoreContext;
    // Ids of a clock that never stands still, so that their order is the order in which they were made.
    let tick = 0;
    const newId = idMaker(() => {
      tick += 1;
      return tick;
    });

    beforeAll(async () => {
      context = { stores: await open({ clock }), clock, newId };
    });
    afterAll(() => context?.stores.close());

    for (const [title, part] of Object.entries(parts)) describe(title, () => part(() => context));
  });
}
