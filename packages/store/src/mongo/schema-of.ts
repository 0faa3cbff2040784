import { Schema, type SchemaDefinition } from 'mongoose';

export const { Mixed } = Schema.Types;
export const needed = (type: unknown) => ({ type, required: true });

type Indexes = readonly (readonly [Record<string, 1 | -1>, Record<string, unknown>?])[];

/** Unknown fields are refused, empty objects are kept, and no version key is added. */
export function schemaOf<T>(fields: SchemaDefinition, indexes: Indexes): Schema<T> {
  const schema = new Schema(fields, {
    strict: 'throw',
    strictQuery: 'throw',
    versionKey: false,
    minimize: false,
    autoIndex: false,
    autoCreate: false,
    id: false,
  });
  for (const [keys, options] of indexes) schema.index(keys, options);
  return schema as unknown as Schema<T>;
}

/** Only documents with something in their outbox are in this index. */
export const waitingOutbox = [{ 'outbox.slot': 1 }, { sparse: true }] as const;
/** Documents go when their time has come; those without one stay. */
export const gone = [{ expiresAt: 1 }, { expireAfterSeconds: 0 }] as const;
