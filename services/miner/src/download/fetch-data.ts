import { join } from 'node:path';
import type { Lease } from '@agon/contracts';
import { inside } from '@agon/kit';
import { type Downloader, downloadFile } from './download-file.ts';

/** Downloads the data of a lease into the job folder. @throws as `downloadFile` */
export async function fetchData(
  client: Downloader,
  input: { data: Lease['data']; jobFolder: string; signal: AbortSignal },
): Promise<void> {
  for (const file of input.data) {
    const path = inside(join(input.jobFolder, 'data'), file.name);
    await downloadFile(client, file, { path, signal: input.signal });
  }
}
