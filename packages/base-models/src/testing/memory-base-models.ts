import type { BaseModelRecord, BaseModelStore } from '@agon/store';

/** Base models in memory, for as long as a test runs. */
export function memoryBaseModels(): BaseModelStore & { readonly records: Map<string, BaseModelRecord> } {
  const records = new Map<string, BaseModelRecord>();
  const sorted = (): BaseModelRecord[] => [...records.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    records,
    insert: async (model) => {
      if (records.has(model.id)) return false;
      records.set(model.id, model);
      return true;
    },
    find: async (id) => records.get(id),
    findByName: async (name) => sorted().findLast((model) => model.name === name),
    list: async ({ after = '', limit }) =>
      sorted()
        .filter((model) => model.id > after)
        .slice(0, limit),
    delete: async (id) => void records.delete(id),
  };
}
