import type { Predict } from '@agon/contracts';
import { readPart } from '@agon/dataset';
import type { ArtifactStore } from '@agon/store';
import { firstRecords } from './first-records.ts';
import type { JudgedJob } from './judged-job.ts';

const exampleRows = 2;
const exampleBytesMax = 4 * 1024 * 1024;
const textCharactersMax = 200;

/** A body for POST /v1/models/{id}/predict with the first rows of the train part: miners knew those already. */
export async function exampleBody(artifacts: Pick<ArtifactStore, 'read'>, job: JudgedJob): Promise<Predict> {
  const csv = firstRecords(artifacts.read(job.parts.train.sha256), {
    count: exampleRows + 1,
    bytesMax: exampleBytesMax,
  });
  const part = await readPart(csv, job.table);
  const rows: Predict['rows'] = Array.from({ length: part.rows }, () => ({}));
  job.table.columns.forEach(({ name }, index) => {
    const values = part.columns[index] ?? [];
    rows.forEach((row, at) => {
      row[name] = exampleValue(values[at]);
    });
  });
  return { rows };
}

function exampleValue(value: number | string | undefined): number | string | null {
  if (typeof value === 'string') return value === '' ? null : value.slice(0, textCharactersMax);
  return value === undefined || Number.isNaN(value) ? null : value;
}
