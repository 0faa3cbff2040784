import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';
const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

export type ImageRegistry = {
  /** `127.0.0.1:port/name`, without a tag. */
  readonly name: string;
  readonly digest: string;
  readonly stop: () => Promise<void>;
};

/** A registry that has one image, under every tag: what a daemon saved, served by the protocol that it pulls by. */
export async function serveImage(image: string, host: string): Promise<ImageRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-registry-'));
  const archive = join(folder, 'image.tar');
  await run('docker', ['save', '--output', archive, image], { env: { ...process.env, DOCKER_HOST: host } });
  await run('tar', ['-xf', archive, '-C', folder]);
  const [saved] = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as [
    { Config: string; Layers: string[] },
  ];
  const blobs = new Map<string, Buffer>();
  const blob = async (path: string, mediaType: string) => {
    const bytes = await readFile(join(folder, path));
    blobs.set(digestOf(bytes), bytes);
    return { mediaType, size: bytes.length, digest: digestOf(bytes) };
  };
  const layerType = 'application/vnd.docker.image.rootfs.diff.tar';
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: await blob(saved.Config, 'application/vnd.docker.container.image.v1+json'),
      layers: await Promise.all(saved.Layers.map((path) => blob(path, layerType))),
    }),
  );
  const digest = digestOf(manifest);
  const answer = (path: string): { bytes: Buffer; digest: string; type: string } | undefined => {
    if (path.includes('/manifests/')) return { bytes: manifest, digest, type: manifestType };
    const asked = path.split('/').at(-1) ?? '';
    const bytes = path.includes('/blobs/') ? blobs.get(asked) : Buffer.from('{}');
    return bytes && { bytes, digest: asked, type: 'application/octet-stream' };
  };
  const server = createServer((request, response) => {
    const found = answer(request.url ?? '');
    response.writeHead(found ? 200 : 404, {
      'docker-content-digest': found?.digest ?? '',
      'content-type': found?.type ?? 'text/plain',
      'content-length': found?.bytes.length ?? 0,
    });
    response.end(request.method === 'HEAD' ? undefined : found?.bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stop = () => new Promise<void>((resolve) => void server.close(() => resolve()));
  return { name: `127.0.0.1:${port}/agon/tiny`, digest, stop };
}
