import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createClient } from './client.ts';

const mib = 1024 * 1024;
const bytes = 192 * mib;

/** A service that reads no more than it is told to. */
async function openService() {
  let request: IncomingMessage | undefined;
  const server = createServer((incoming, response) => {
    request = incoming.pause();
    incoming.on('end', () => response.end(JSON.stringify({ id: 'file-00000001' })));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    readOn: () => request?.resume(),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

test('an upload takes no more from its source than the service has read, and no more memory', async () => {
  const service = await openService();
  const client = createClient({ baseUrl: service.url });
  const before = process.memoryUsage().arrayBuffers;
  const part = new Uint8Array(mib);
  const file = new Blob(Array.from({ length: bytes / mib }, () => part));
  const held = process.memoryUsage().arrayBuffers;
  let sent = 0;
  let grown = 0;
  const uploading = client.files.upload(file, {
    filename: 'model.safetensors',
    purpose: 'base-model',
    onBytes: (count) => {
      sent = count;
      grown = Math.max(grown, process.memoryUsage().arrayBuffers - Math.max(before, held));
    },
  });
  let seen = -1;
  while (seen !== sent || sent === 0) {
    seen = sent;
    await sleep(200);
  }
  expect(sent).toBeLessThan(bytes / 4);
  service.readOn();
  expect(await uploading).toEqual({ id: 'file-00000001' });
  expect(sent).toBeGreaterThan(bytes);
  expect(grown).toBeLessThan(bytes / 2);
  await service.close();
});
