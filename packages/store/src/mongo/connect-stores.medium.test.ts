import { silentLog, systemClock } from '@agon/kit';
import { testMongodbUrl } from '@agon/testing';
import { storeContract } from '@agon/testing/store-contract';
import { expect, it } from 'vitest';
import { connectStores } from './connect-stores.ts';

storeContract('the stores on MongoDB', ({ clock }) => connectStores({ url: testMongodbUrl(), clock, log: silentLog }));

it('answers a ping', async () => {
  const stores = await connectStores({ url: testMongodbUrl(), clock: systemClock, log: silentLog });
  await expect(stores.ping()).resolves.toBeUndefined();
  await stores.close();
});

it('says not_ready where no database answers', async () => {
  const url = 'mongodb://127.0.0.1:9/agon?serverSelectionTimeoutMS=200';
  await expect(connectStores({ url, clock: systemClock, log: silentLog })).rejects.toMatchObject({ code: 'not_ready' });
});
