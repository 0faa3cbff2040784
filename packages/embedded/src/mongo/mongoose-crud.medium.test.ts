import mongoose from 'mongoose';
import { describe, expect, it } from 'vitest';
import { mongooseJobs } from '../testing/mongoose-jobs.ts';

const day = (number: number): Date => new Date(Date.UTC(2026, 0, number));
const { model } = mongooseJobs();

describe('create, read, update, delete', () => {
  it('gives back what was stored, with its types', async () => {
    const owner = new mongoose.Types.ObjectId();
    await model().create({
      _id: 'a',
      status: 'queued',
      owner,
      leaseUntil: day(1),
      payload: Buffer.from([0, 255]),
      meta: { deep: [1, { x: null }] },
    });
    const found = await model().findById('a').lean();
    expect(found).toMatchObject({
      status: 'queued',
      owner,
      leaseUntil: day(1),
      meta: { deep: [1, { x: null }] },
      __v: 0,
    });
    expect(found?.payload).toMatchObject({ sub_type: 0 });
    expect(found?.createdAt).toBeInstanceOf(Date);
  });

  it('keeps keys that JavaScript has other plans for', async () => {
    const meta = JSON.parse(
      '{"__proto__":{"x":1},"constructor":"c","toString":1,"hasOwnProperty":2,"a.b":3,"$c":4,"":5}',
    );
    const raw = model().collection;
    await raw.insertOne({ _id: 'a', meta } as never);
    await raw.updateOne({ _id: 'a' } as never, {
      $set: { 'meta.more': 1, constructor: 'top', other: meta },
      $inc: { n: 1 },
    });
    const found = await raw.findOne({ 'meta.constructor': 'c' });
    expect(JSON.stringify(found)).toBe(
      JSON.stringify({ _id: 'a', meta: { ...meta, more: 1 }, constructor: 'top', other: meta, n: 1 }),
    );
    expect(JSON.stringify(await raw.findOne({}, { projection: { meta: 1, _id: 0 } }))).toContain('__proto__');
  });

  it('sorts, skips, limits and selects', async () => {
    await model().insertMany([3, 1, 2].map((priority) => ({ _id: `p${priority}`, status: 'queued', priority })));
    const found = await model()
      .find({ status: 'queued' })
      .sort({ priority: -1 })
      .skip(1)
      .limit(1)
      .select('priority')
      .lean();
    expect(found).toEqual([{ _id: 'p2', priority: 2 }]);
    expect(await model().find().sort({ _id: 1 }).select({ _id: 0, status: 1 }).limit(1).lean()).toEqual([
      { status: 'queued' },
    ]);
  });

  it('reads a cursor through several pages', async () => {
    await model().insertMany(Array.from({ length: 250 }, (_, number) => ({ _id: String(number), status: 'queued' })));
    const seen: string[] = [];
    for await (const { _id } of model().find().batchSize(40).cursor()) seen.push(_id as string);
    expect(new Set(seen).size).toBe(250);
    expect(await model().find()).toHaveLength(250);
  });

  it('closes a cursor early', async () => {
    await model().insertMany(Array.from({ length: 50 }, (_, number) => ({ _id: String(number), status: 'queued' })));
    const cursor = model().find().batchSize(10).cursor();
    await cursor.next();
    await cursor.close();
    expect(await model().countDocuments()).toBe(50);
  });

  it('counts, lists distinct values and says whether something exists', async () => {
    await model().insertMany([
      { _id: 'a', status: 'queued', tags: ['x', 'y'] },
      { _id: 'b', status: 'queued', tags: ['y'] },
      { _id: 'c', status: 'done' },
    ]);
    expect(await model().countDocuments({ status: 'queued' })).toBe(2);
    expect(await model().estimatedDocumentCount()).toBe(3);
    expect(await model().distinct('tags')).toEqual(['x', 'y']);
    expect(await model().exists({ status: 'done' })).toEqual({ _id: 'c' });
    expect(await model().exists({ status: 'none' })).toBeNull();
  });

  it('deletes one, many, and gives back what it deleted', async () => {
    await model().insertMany(['a', 'b', 'c', 'd'].map((_id) => ({ _id, status: 'queued' })));
    expect(await model().findOneAndDelete({ _id: 'a' }).lean()).toMatchObject({ _id: 'a' });
    expect((await model().deleteOne({ status: 'queued' })).deletedCount).toBe(1);
    expect((await model().deleteMany({ status: 'queued' })).deletedCount).toBe(2);
    expect(await model().countDocuments()).toBe(0);
  });

  it('goes on after an error when a write is unordered, and stops when it is ordered', async () => {
    await model().create({ _id: 'a', status: 'queued' });
    const rows = ['b', 'a', 'c'].map((_id) => ({ _id, status: 'queued' }));
    await expect(model().insertMany(rows, { ordered: false })).rejects.toMatchObject({ code: 11000 });
    expect(await model().distinct('_id')).toEqual(['a', 'b', 'c']);
    await expect(model().collection.insertMany([{ _id: 'a' }, { _id: 'z' }] as never)).rejects.toMatchObject({
      code: 11000,
    });
    expect(await model().exists({ _id: 'z' })).toBeNull();
  });

  it('runs a bulk write of all kinds', async () => {
    const result = await model().bulkWrite([
      { insertOne: { document: { _id: 'a', status: 'queued' } } },
      { updateOne: { filter: { _id: 'b' }, update: { $set: { status: 'done' } }, upsert: true } },
      { updateMany: { filter: {}, update: { $inc: { priority: 5 } } } },
      { replaceOne: { filter: { _id: 'a' }, replacement: { status: 'new' } } },
      { deleteOne: { filter: { _id: 'b' } } },
    ] as never);
    expect(result).toMatchObject({ insertedCount: 1, upsertedCount: 1, matchedCount: 3, deletedCount: 1 });
    expect(await model().find().lean()).toMatchObject([{ _id: 'a', status: 'new' }]);
  });
});
