import type { ModelFile } from '@agon/contracts';
import type { ArtifactStore, ByteSource } from '@agon/store';

type Deps = { readonly artifacts: Pick<ArtifactStore, 'put'> };

export async function putFile({ artifacts }: Deps, path: string, source: ByteSource): Promise<ModelFile> {
  const { sha256, bytes } = await artifacts.put(source);
  return { path, bytes, sha256 };
}

export const putText = (deps: Deps, path: string, text: string): Promise<ModelFile> =>
  putFile(deps, path, one(new TextEncoder().encode(text)));

export const putJson = (deps: Deps, path: string, value: unknown): Promise<ModelFile> =>
  putText(deps, path, json(value));

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

export async function* one(bytes: Uint8Array): ByteSource {
  yield bytes;
}
