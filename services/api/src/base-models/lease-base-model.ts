import type { Lease } from '@agon/contracts';
import type { BaseModelRecord } from '@agon/store';

/** A base model in a lease: its files at addresses of the run. */
export const leaseBaseModel = (
  runId: string,
  model: Pick<BaseModelRecord, 'name' | 'revision' | 'files'>,
): NonNullable<Lease['job']['base_model']> => ({
  name: model.name,
  revision: model.revision,
  files: model.files.map(({ path, sha256, bytes }) => ({
    path,
    url: `/v1/miner/runs/${runId}/base_model/${path}`,
    sha256,
    bytes,
  })),
});
