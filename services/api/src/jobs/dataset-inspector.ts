import { inspectDataset } from '@agon/dataset';
import type { ArtifactStore, ByteSource } from '@agon/store';
import type { AppDeps, InspectionQuestion } from '../deps.ts';

async function* until(signal: AbortSignal, bytes: ByteSource): ByteSource {
  for await (const chunk of bytes) {
    signal.throwIfAborted();
    yield chunk;
  }
}

/** Inspects datasets in the artifact store. */
export function datasetInspector(artifacts: Pick<ArtifactStore, 'read' | 'localPath'>): AppDeps['inspectDataset'] {
  return async ({ source: { filename, bytes, sha256 }, signal, ...wish }: InspectionQuestion) => {
    const source = {
      filename,
      bytes,
      open: () => until(signal, artifacts.read(sha256)),
      localPath: () => artifacts.localPath(sha256),
    };
    const found = await inspectDataset(source, wish, { signal });
    if (!found.ok) return found;
    const { task, taskInferred, report, table } = found;
    const share = report.parts.train / Math.max(1, report.rows);
    return { ok: true, task, taskInferred, report, table, trainBytes: Math.ceil(bytes * share) };
  };
}
