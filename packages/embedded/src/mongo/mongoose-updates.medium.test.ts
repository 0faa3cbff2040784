import mongoose from 'mongoose';
import { describe, expect, it } from 'vitest';
import { mongooseJobs } from '../testing/mongoose-jobs.ts';

const { model, connection } = mongooseJobs();

describe('updates', () => {
  it('changes nested fields, arrays and numbers', async () => {
    await model().create({
      _id: 'a',
      status: 'queued',
      tags: ['x'],
      runs: [
        { id: 'r1', score: 1 },
        { id: 'r2', score: 2 },
      ],
    });
    await model().updateOne(
      { _id: 'a' },
      {
        $set: { 'meta.a.b': 1 },
        $inc: { priority: 2 },
        $push: { tags: { $each: ['y', 'z'], $slice: -2 } },
        $unset: { leaseUntil: 1 },
      },
    );
    await model().updateOne({ _id: 'a', 'runs.id': 'r2' }, { $set: { 'runs.$.score': 20 } });
    await model().updateOne(
      { _id: 'a' },
      { $set: { 'runs.$[run].score': 10 } },
      { arrayFilters: [{ 'run.id': 'r1' }] },
    );
    await model().updateOne({ _id: 'a' }, { $addToSet: { tags: 'y' }, $min: { priority: 1 } });
    await model().updateOne({ _id: 'a' }, { $pull: { runs: { id: 'r1' } } });
    const found = await model().findById('a').lean();
    expect(found).toMatchObject({
      meta: { a: { b: 1 } },
      priority: 1,
      tags: ['y', 'z'],
      runs: [{ id: 'r2', score: 20 }],
    });
    expect(found).not.toHaveProperty('leaseUntil');
  });

  it('applies a pipeline with expressions', async () => {
    await model().create({
      _id: 'a',
      status: 'queued',
      priority: 1,
      runs: [
        { id: 'r1', score: 1 },
        { id: 'r2', score: 5 },
      ],
    });
    await model().updateOne(
      { _id: 'a' },
      [
        {
          $set: {
            priority: { $add: ['$priority', 10] },
            runs: { $slice: [{ $concatArrays: [{ $ifNull: ['$runs', []] }, [{ id: 'r3', score: 9 }]] }, -2] },
            high: { $filter: { input: '$runs', as: 'run', cond: { $gt: ['$$run.score', 2] } } },
            state: { $cond: [{ $lt: ['$leaseUntil', '$$NOW'] }, 'free', 'leased'] },
          },
        },
        { $unset: 'tags' },
      ],
      { updatePipeline: true },
    );
    const found = await model().findById('a').lean();
    expect(found).toMatchObject({
      priority: 11,
      state: 'free',
      high: [{ id: 'r2' }],
      runs: [{ id: 'r2' }, { id: 'r3' }],
    });
    expect(found).not.toHaveProperty('tags');
  });

  it('says how many documents matched and how many changed', async () => {
    await model().insertMany(['a', 'b'].map((_id) => ({ _id, status: 'queued', priority: 1 })));
    const raw = model().collection;
    expect(await raw.updateMany({}, { $set: { priority: 1 } })).toMatchObject({ matchedCount: 2, modifiedCount: 0 });
    expect(await raw.updateMany({}, { $set: { priority: 2 } })).toMatchObject({ matchedCount: 2, modifiedCount: 2 });
  });

  it('upserts from the equalities of the filter, with $setOnInsert', async () => {
    const options = { upsert: true, returnDocument: 'after', includeResultMetadata: true } as const;
    const update = { $setOnInsert: { name: 'n' }, $inc: { priority: 1 } };
    const first = await model().findOneAndUpdate({ _id: 'a', status: { $eq: 'queued' } }, update, options);
    const second = await model().findOneAndUpdate(
      { _id: 'a' },
      { ...update, $setOnInsert: { name: 'other' } },
      options,
    );
    expect(first.lastErrorObject).toMatchObject({ updatedExisting: false, upserted: 'a' });
    expect(second.lastErrorObject).toMatchObject({ updatedExisting: true });
    expect(second.value).toMatchObject({ status: 'queued', name: 'n', priority: 2 });
  });

  it('refuses a stale version', async () => {
    const schema = new mongoose.Schema({ _id: String, value: Number }, { optimisticConcurrency: true });
    const Versioned = connection().model('versioned', schema);
    await Versioned.create({ _id: 'a', value: 1 });
    const [left, right] = [await Versioned.findById('a'), await Versioned.findById('a')];
    await left?.set('value', 2).save();
    await expect(right?.set('value', 3).save()).rejects.toThrow(/version/i);
  });

  it('lets only one of many claimers win each document', async () => {
    await model().insertMany(
      Array.from({ length: 40 }, (_, number) => ({ _id: String(number), status: 'queued', priority: number })),
    );
    const claim = (claimer: number) =>
      model()
        .findOneAndUpdate(
          { status: 'queued' },
          { $set: { status: 'claimed', claimer } },
          { sort: { priority: -1 }, returnDocument: 'after' },
        )
        .lean();
    const claimed = await Promise.all(Array.from({ length: 60 }, (_, claimer) => claim(claimer)));
    const won = claimed.filter((job) => job !== null);
    expect(new Set(won.map(({ _id }) => _id)).size).toBe(40);
    expect(won).toHaveLength(40);
    expect(won[0]?.priority).toBe(39);
  });
});

describe('unique indexes', () => {
  it('gives error 11000 with the key', async () => {
    await model().create({ _id: 'a', status: 'queued', name: 'same' });
    await expect(model().create({ _id: 'b', status: 'queued', name: 'same' })).rejects.toMatchObject({
      name: 'MongoServerError',
      code: 11000,
      keyPattern: { name: 1 },
      keyValue: { name: 'same' },
    });
    await expect(model().findOneAndUpdate({ _id: 'c' }, { name: 'same' }, { upsert: true })).rejects.toMatchObject({
      code: 11000,
    });
    expect(await model().countDocuments()).toBe(1);
  });

  it('lets sparse and partial indexes pass over what they do not cover', async () => {
    const owner = new mongoose.Types.ObjectId();
    await model().insertMany(['a', 'b', 'c'].map((_id) => ({ _id, status: 'queued', owner })));
    await model().updateOne({ _id: 'a' }, { status: 'running' });
    await expect(model().updateOne({ _id: 'b' }, { status: 'running' })).rejects.toMatchObject({
      code: 11000,
      keyValue: { owner },
    });
    await model().updateOne({ _id: 'a' }, { status: 'done' });
    await model().updateOne({ _id: 'b' }, { status: 'running' });
    expect(await model().countDocuments({ owner, status: 'running' })).toBe(1);
  });

  it('lets one of many racing upserts insert', async () => {
    const race = Array.from({ length: 30 }, (_, number) =>
      model().updateOne(
        { name: 'one' },
        { $setOnInsert: { _id: `race${number}`, status: 'queued' }, $inc: { priority: 1 } },
        { upsert: true },
      ),
    );
    const results = await Promise.all(race);
    expect(results.filter(({ upsertedCount }) => upsertedCount === 1)).toHaveLength(1);
    expect(await model().find({ name: 'one' }).lean()).toMatchObject([{ priority: 30 }]);
  });
});
