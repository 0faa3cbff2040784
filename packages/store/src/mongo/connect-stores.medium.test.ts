import { silentLog, systemClock } from '@agon/kit';
import { aFile, aJob, anEvent, cuttableProxy, testMongodbUrl } from '@agon/testing';
import { storeContract } from '@agon/testing/store-contract';
import { expect, it } from 'vitest';
import { connectStores } from './connect-stores.ts';

const quick = { clock: systemClock, log: silentLog, selectionMs: 300 };

storeContract('the stores on MongoDB', ({ clock }) => connectStores({ url: testMongodbUrl(), clock, log: silentLog }));

it('says not_ready where no database answers', async () => {
  const connecting = connectStores({ ...quick, url: 'mongodb://127.0.0.1:9/agon' });
  await expect(connecting).rejects.toMatchObject({ code: 'not_ready' });
});

it('says not_ready while the database is away, and works again when it is back', async () => {
  const proxy = await cuttableProxy(testMongodbUrl());
  const stores = await connectStores({ ...quick, url: proxy.url });
  await stores.jobs.insert(aJob(), anEvent());
  proxy.cut();
  const away = { code: 'not_ready' };
  await expect(stores.ping()).rejects.toMatchObject(away);
  await expect(stores.files.insert(aFile())).rejects.toMatchObject(away);
  await expect(stores.jobs.find(aJob().id)).rejects.toMatchObject(away);
  await expect(stores.isReferenced('a'.repeat(64))).rejects.toMatchObject(away);
  proxy.restore();
  const ping = () =>
    stores.ping().then(
      () => 'up',
      () => 'away',
    );
  await expect.poll(ping, { timeout: 20_000 }).toBe('up');
  expect(await stores.jobs.find(aJob().id)).toEqual(aJob());
  await stores.close();
  await proxy.close();
});

it('finds what another process wrote, with its indexes there already', async () => {
  const url = testMongodbUrl();
  const [one, two] = await Promise.all([connectStores({ ...quick, url }), connectStores({ ...quick, url })]);
  await one.jobs.insert(aJob(), anEvent());
  expect(await two.jobs.find(aJob().id)).toEqual(aJob());
  await Promise.all([one.close(), two.close()]);
});
