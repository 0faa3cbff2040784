import mongoose from 'mongoose';
import { describe, expect, it } from 'vitest';
import { mongooseJobs } from '../testing/mongoose-jobs.ts';

let nowMs = Date.now();
const { model, connection } = mongooseJobs(() => nowMs);

describe('aggregation', () => {
  it('matches, groups, sorts, unwinds, projects and counts', async () => {
    await model().insertMany([
      { _id: 'a', status: 'queued', priority: 1, tags: ['x', 'y'] },
      { _id: 'b', status: 'queued', priority: 2, tags: ['y'] },
      { _id: 'c', status: 'done', priority: 7 },
    ]);
    const groups = await model().aggregate([
      { $match: { priority: { $gt: 0 } } },
      { $group: { _id: '$status', total: { $sum: '$priority' }, n: { $sum: 1 } } },
      { $sort: { _id: -1 } },
      { $skip: 0 },
      { $limit: 5 },
    ]);
    expect(groups).toEqual([
      { _id: 'queued', total: 3, n: 2 },
      { _id: 'done', total: 7, n: 1 },
    ]);
    expect(
      await model().aggregate([
        { $unwind: '$tags' },
        { $project: { _id: 0, tag: '$tags' } },
        { $sort: { tag: 1 } },
        { $limit: 2 },
      ]),
    ).toEqual([{ tag: 'x' }, { tag: 'y' }]);
    expect(await model().aggregate([{ $match: { status: 'queued' } }, { $count: 'n' }])).toEqual([{ n: 2 }]);
  });

  it('looks up another collection and leaves the stored documents as they are', async () => {
    await connection()
      .collection('owners')
      .insertOne({ _id: 'o1' as never, name: 'Ada', deep: { x: 1 } });
    await model().create({ _id: 'a', status: 'queued', meta: { owner: 'o1' } });
    const found = await model().aggregate([
      { $lookup: { from: 'owners', localField: 'meta.owner', foreignField: '_id', as: 'owners' } },
      { $set: { 'meta.owner': 'changed', 'owners.deep.x': 2 } },
    ]);
    expect(found).toMatchObject([{ _id: 'a', owners: [{ name: 'Ada' }], meta: { owner: 'changed' } }]);
    expect(await model().findById('a').lean()).toMatchObject({ meta: { owner: 'o1' } });
    expect(await connection().collection('owners').findOne()).toMatchObject({ deep: { x: 1 } });
  });
});

describe('collections and indexes', () => {
  it('lists, drops and makes indexes again', async () => {
    const names = async () => (await model().listIndexes()).map(({ name }) => name);
    expect(await names()).toEqual(['_id_', 'name_1', 'status_1_priority_-1', 'owner_1', 'expiresAt_1']);
    await model().collection.dropIndex('status_1_priority_-1');
    expect(await names()).not.toContain('status_1_priority_-1');
    expect(await model().syncIndexes()).toEqual([]);
    expect(await names()).toContain('status_1_priority_-1');
    await expect(model().collection.dropIndex('none')).rejects.toMatchObject({ code: 27 });
  });

  it('lists and drops collections and databases', async () => {
    const other = connection().useDb('other');
    await other.createCollection('one');
    await other.collection('two').insertOne({ x: 1 });
    expect((await other.listCollections()).map(({ name }) => name).sort()).toEqual(['one', 'two']);
    await other.collection('one').drop();
    expect((await other.listCollections()).map(({ name }) => name)).toEqual(['two']);
    await other.dropDatabase();
    expect(await other.listCollections()).toEqual([]);
  });

  it('refuses a unique index over duplicates and leaves nothing of it', async () => {
    const raw = connection().collection('twins');
    await raw.insertMany([{ x: 1 }, { x: 1 }]);
    await expect(raw.createIndex({ x: 1 }, { unique: true })).rejects.toMatchObject({ code: 11000 });
    expect(await raw.indexes()).toHaveLength(1);
  });

  it('removes expired documents', async () => {
    await model().insertMany([
      { _id: 'old', status: 'done', expiresAt: new Date(nowMs - 59_000) },
      { _id: 'new', status: 'done', expiresAt: new Date(nowMs + 60_000) },
      { _id: 'never', status: 'done' },
    ] as never);
    nowMs += 2000;
    await expect.poll(() => model().distinct('_id')).toEqual(['never', 'new']);
  });
});

describe('refusals', () => {
  it('names the command that it does not have', async () => {
    const answer = connection().db?.command({ collStats: 'jobs' });
    await expect(answer).rejects.toMatchObject({
      code: 59,
      codeName: 'CommandNotFound',
      message: expect.stringContaining('collStats'),
    });
  });

  it.each([
    ['query operator', { $near: 1 }, /\$near/],
    ['nested query operator', { $not: { $text: 1 } }, /\$text/],
  ])('names an unknown %s', async (_what, condition, message) => {
    await expect(model().collection.find({ status: condition }).toArray()).rejects.toThrow(message);
  });

  it('names an unknown update operator, stage and field', async () => {
    const raw = model().collection;
    await raw.insertOne({ _id: 'a', status: 'queued' } as never);
    await expect(raw.updateOne({}, { $frob: { a: 1 } } as never)).rejects.toThrow(/\$frob/);
    await expect(raw.aggregate([{ $out: 'x' }]).toArray()).rejects.toThrow(/\$out/);
    await expect(raw.find({}, { collation: { locale: 'en' } }).toArray()).rejects.toThrow(/collation/);
    await expect(raw.updateOne({}, { $inc: { status: 1 } })).rejects.toMatchObject({ code: 14 });
    await expect(raw.updateOne({}, { $set: { 'status.x': 1 } })).rejects.toMatchObject({ code: 28 });
    await expect(raw.updateOne({}, { $set: { _id: 'b' as never } })).rejects.toMatchObject({ code: 66 });
  });

  it('refuses values that it cannot compare', async () => {
    const raw = model().collection;
    await expect(
      raw.insertOne({ _id: 'a', amount: mongoose.Types.Decimal128.fromString('1.5') } as never),
    ).rejects.toThrow(/Decimal128/);
    await expect(
      raw.insertOne({ _id: 'a', amount: mongoose.mongo.Long.fromString('9007199254740993') } as never),
    ).rejects.toThrow(/2\^53/);
  });

  it('has no transactions', async () => {
    const session = await connection().startSession();
    await expect(
      session.withTransaction(() => model().create([{ _id: 'a', status: 'queued' }], { session })),
    ).rejects.toThrow();
    await session.endSession();
  });
});
