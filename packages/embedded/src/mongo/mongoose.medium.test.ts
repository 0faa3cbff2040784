import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose, { type Connection } from 'mongoose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type MongoServer, serveMongo } from './server.ts';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const day = (number: number): Date => new Date(Date.UTC(2026, 0, number));

const jobSchema = new mongoose.Schema(
  {
    _id: String,
    name: String,
    status: { type: String, required: true },
    priority: { type: Number, default: 0 },
    owner: { type: mongoose.Schema.Types.ObjectId },
    tags: [String],
    runs: [{ _id: false, id: String, score: Number }],
    leaseUntil: { type: Date, default: null },
    payload: Buffer,
    meta: mongoose.Schema.Types.Mixed,
  },
  { timestamps: true, strict: false },
);
jobSchema.index({ name: 1 }, { unique: true, sparse: true });
jobSchema.index({ status: 1, priority: -1 });
jobSchema.index({ owner: 1 }, { unique: true, partialFilterExpression: { status: 'running' } });
jobSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 60 });

let folder: string;
let server: MongoServer;
let connection: Connection;
let nowMs = Date.now();
const model = () => connection.model('job', jobSchema);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-mongo-'));
  const now = () => nowMs;
  server = await serveMongo({
    folder,
    log: silent,
    now,
    sweepMs: 20,
    onFailure: (cause) => expect.unreachable(String(cause)),
  });
  connection = await mongoose.createConnection(`mongodb://127.0.0.1:${server.port}/agon`).asPromise();
  await model().init();
});
afterAll(async () => {
  await connection.close();
  await server.close();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  await model().deleteMany({});
});

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
      { insertOne: { document: { _id: 'a', status: 'queued' } as never } },
      { updateOne: { filter: { _id: 'b' }, update: { $set: { status: 'done' } }, upsert: true } },
      { updateMany: { filter: {}, update: { $inc: { priority: 5 } } } },
      { replaceOne: { filter: { _id: 'a' }, replacement: { status: 'new' } } },
      { deleteOne: { filter: { _id: 'b' } } },
    ]);
    expect(result).toMatchObject({ insertedCount: 1, upsertedCount: 1, matchedCount: 3, deletedCount: 1 });
    expect(await model().find().lean()).toMatchObject([{ _id: 'a', status: 'new' }]);
  });
});

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
    const Versioned = connection.model('versioned', schema);
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
    await connection.collection('owners').insertOne({ _id: 'o1' as never, name: 'Ada', deep: { x: 1 } });
    await model().create({ _id: 'a', status: 'queued', meta: { owner: 'o1' } });
    const found = await model().aggregate([
      { $lookup: { from: 'owners', localField: 'meta.owner', foreignField: '_id', as: 'owners' } },
      { $set: { 'meta.owner': 'changed', 'owners.deep.x': 2 } },
    ]);
    expect(found).toMatchObject([{ _id: 'a', owners: [{ name: 'Ada' }], meta: { owner: 'changed' } }]);
    expect(await model().findById('a').lean()).toMatchObject({ meta: { owner: 'o1' } });
    expect(await connection.collection('owners').findOne()).toMatchObject({ deep: { x: 1 } });
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
    const other = connection.useDb('other');
    await other.createCollection('one');
    await other.collection('two').insertOne({ x: 1 });
    expect((await other.listCollections()).map(({ name }) => name).sort()).toEqual(['one', 'two']);
    await other.collection('one').drop();
    expect((await other.listCollections()).map(({ name }) => name)).toEqual(['two']);
    await other.dropDatabase();
    expect(await other.listCollections()).toEqual([]);
  });

  it('refuses a unique index over duplicates and leaves nothing of it', async () => {
    const raw = connection.collection('twins');
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
    const answer = connection.db?.command({ collStats: 'jobs' });
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
    const session = await connection.startSession();
    await expect(
      session.withTransaction(() => model().create([{ _id: 'a', status: 'queued' }], { session })),
    ).rejects.toThrow();
    await session.endSession();
  });
});
