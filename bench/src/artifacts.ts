import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, systemClock } from '@agon/kit';
import { type ArtifactStore, openArtifacts } from '@agon/store';
import { s3Environment, startS3 } from '@agon/testing/s3';
import { type Bench, resultOf } from './result.ts';
import { residentMb } from './stack.ts';

const megabytes = 512;
const block = randomBytes(1_000_000);

async function* blocks(): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < megabytes; index += 1) {
    block.writeUInt32LE(index, 0);
    yield Buffer.from(block);
  }
}

type Speeds = { readonly put: number; readonly get: number; readonly peakMb: number };

/** MB/s of one blob into a store and out of it, and the most memory that this process had meanwhile. */
async function speedsOf(store: ArtifactStore): Promise<Speeds> {
  const before = await residentMb(process.pid);
  let peak = before;
  const timer = setInterval(() => void residentMb(process.pid).then((now) => (peak = Math.max(peak, now))), 100);
  const perSecond = async (work: () => Promise<void>): Promise<number> => {
    const startedMs = performance.now();
    await work();
    return megabytes / ((performance.now() - startedMs) / 1000);
  };
  let sha256 = '';
  const put = await perSecond(async () => {
    sha256 = (await store.put(blocks())).sha256;
  });
  const get = await perSecond(async () => {
    for await (const piece of store.read(sha256)) if (piece.byteLength === 0) throw new Error('An empty piece.');
  });
  clearInterval(timer);
  return { put, get, peakMb: Math.round(peak - before) };
}

/** One blob into the artifact store and out of it, on S3 beside a folder; both hash, the server shares the machine. */
export const artifacts: Bench = async (say) => {
  const folder = await mkdtemp(join(tmpdir(), 'agon-bench-'));
  const server = await startS3();
  const open = (settings: Record<string, string>) =>
    openArtifacts({ ARTIFACTS_CACHE_GIB: 1, ...settings }, { clock: systemClock, log: silentLog });
  try {
    say(`${megabytes} MB into a folder …`);
    const inFolder = await speedsOf((await open({ ARTIFACTS_DIR: join(folder, 'artifacts') })).artifacts);
    say(`${megabytes} MB into S3 …`);
    const url = await server.newBucket('bench');
    const opened = await open({
      ARTIFACTS_URL: url,
      ARTIFACTS_CACHE_DIR: join(folder, 'cache'),
      ...s3Environment,
    });
    const onS3 = await speedsOf(opened.artifacts);
    opened.close();
    const unit = 'MB/s of one blob on S3 (the server of the tests), beside a folder';
    const aim = 'memory flat: under 150 MB more';
    const details = { more_memory_mb: onS3.peakMb, of_the_folder_mb: inFolder.peakMb };
    const flat = () => onS3.peakMb < 150;
    return [
      resultOf({ bench: 'artifacts-put', unit, aim }, { ours: onS3.put, yardstick: inFolder.put, details }, flat),
      resultOf({ bench: 'artifacts-get', unit, aim }, { ours: onS3.get, yardstick: inFolder.get, details }, flat),
    ];
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
};
