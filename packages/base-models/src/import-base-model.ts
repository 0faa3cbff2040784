import { AppError } from '@agon/contracts';
import type { Clock } from '@agon/kit';
import type { ArtifactStore, BaseModelRecord, BaseModelStore } from '@agon/store';
import { readFacts } from './facts/read-facts.ts';
import { blobFiles } from './files/model-files.ts';
import { selectFiles } from './files/select-files.ts';
import { idOf, type ModelBlob, revisionOf } from './revision.ts';

export type ImportDeps = {
  readonly stores: { readonly baseModels: BaseModelStore };
  readonly artifacts: Pick<ArtifactStore, 'read' | 'stat'>;
  readonly clock: Clock;
};

export type BaseModelImport = {
  readonly name: string;
  /** Of the files' hashes where it is left out. */
  readonly revision?: string | undefined;
  readonly source: BaseModelRecord['source'];
  readonly blobs: readonly ModelBlob[];
};

/**
 * Makes a base model of blobs: keeps the files that jobs need, reads what they are, and writes the record. The same
 * files again answer the record that is there.
 *
 * @throws AppError `base_model_invalid`, `base_model_too_large`, `base_model_exists`, `upload_incomplete`
 */
export async function importBaseModel(deps: ImportDeps, wanted: BaseModelImport): Promise<BaseModelRecord> {
  const given = blobFiles(deps.artifacts, wanted.blobs);
  const selected = await selectFiles(given);
  const paths = new Set(selected.files.map((file) => file.path));
  const files = wanted.blobs.filter((blob) => paths.has(blob.path)).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const revision = wanted.revision ?? revisionOf(files);
  const record: BaseModelRecord = {
    id: idOf(wanted.name, revision),
    name: wanted.name,
    revision,
    source: wanted.source,
    facts: await readFacts(given, selected),
    files: files.map(({ path, sha256, bytes }) => ({ path, sha256, bytes })),
    createdAt: new Date(deps.clock.nowMs()),
  };
  if (await deps.stores.baseModels.insert(record)) return stillThere(deps, record);
  const there = await deps.stores.baseModels.find(record.id);
  if (there && revisionOf(there.files) === revisionOf(record.files)) return there;
  throw new AppError('base_model_exists', `There is a base model ${record.id} with other files.`, {
    param: 'revision',
  });
}

/** Another owner of the same bytes may have deleted them between their storing and this record. */
async function stillThere(deps: ImportDeps, record: BaseModelRecord): Promise<BaseModelRecord> {
  for (const { path, sha256 } of record.files) {
    if (await deps.artifacts.stat(sha256)) continue;
    await deps.stores.baseModels.delete(record.id);
    throw new AppError('upload_incomplete', `${path} was deleted while it was imported; send it again.`);
  }
  return record;
}
