import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = `
import { createReadStream, createWriteStream } from 'node:fs';
import { createServer } from 'node:http';
import { pipeline } from 'node:stream/promises';
const path = process.argv[1];
const server = createServer(async (request, response) => {
  if (request.method === 'GET') return pipeline(createReadStream(path), response);
  await pipeline(request, createWriteStream(path));
  response.end();
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

/** Bare \`node:http\` that writes a body into a file and reads it back, in a process of its own as the service is. */
export async function withBareHttp<T>(work: (url: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-bench-'));
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, join(folder, 'file')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const port = await new Promise<string>((resolve) =>
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim())),
    );
    return await work(`http://127.0.0.1:${port}/`);
  } finally {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}
