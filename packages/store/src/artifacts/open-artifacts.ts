import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clock, ConfigError, type Log } from '@agon/kit';
import { z } from 'zod';
import type { ArtifactStore } from '../ports/index.ts';
import { fileArtifactStore } from './file-artifact-store.ts';
import type { S3Credentials } from './s3/s3-client.ts';

const gib = 1024 ** 3;

/** Settings of every service that reads or writes artifacts. */
export const artifactSettings = {
  ARTIFACTS_URL: z
    .string()
    .optional()
    .describe(
      'artifact store: file:///folder, or s3://bucket/prefix?region=…&endpoint=…; this or ARTIFACTS_DIR is required',
    ),
  ARTIFACTS_DIR: z.string().optional().describe('folder of the artifact store, where ARTIFACTS_URL is not set'),
  ARTIFACTS_CACHE_DIR: z
    .string()
    .optional()
    .describe('folder for copies of what is read from S3, in the temporary folder where it is not set'),
  ARTIFACTS_CACHE_GIB: z.coerce.number().min(0).default(20).describe('disk for those copies'),
  AWS_ACCESS_KEY_ID: z
    .string()
    .optional()
    .describe("S3 key; where it is not set, AWS's own ways to find one are tried"),
  AWS_SECRET_ACCESS_KEY: z.string().optional().describe('secret of that key'),
  AWS_SESSION_TOKEN: z.string().optional().describe('token of a key that is lent for a time'),
} as const;
type ArtifactSettings = z.output<z.ZodObject<typeof artifactSettings>>;

export type OpenArtifacts = {
  readonly artifacts: ArtifactStore;
  /** A folder on this machine, on the file system of what `localPath` answers. */
  readonly folder: string;
  close(): void;
};

/**
 * Opens the artifact store that the settings name.
 *
 * @throws ConfigError where they name none, or one that cannot be.
 */
export async function openArtifacts(
  settings: ArtifactSettings,
  deps: { clock: Clock; log: Log },
): Promise<OpenArtifacts> {
  const url = settings.ARTIFACTS_URL;
  if (url?.startsWith('s3:')) return openS3(url, settings, deps);
  const folder = url === undefined ? settings.ARTIFACTS_DIR : folderOf(url);
  if (folder === undefined) throw new ConfigError('Set ARTIFACTS_URL or ARTIFACTS_DIR.');
  return { artifacts: fileArtifactStore({ folder, clock: deps.clock }), folder, close: () => undefined };
}

function folderOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`ARTIFACTS_URL is neither file:///folder nor s3://bucket/prefix: ${why}`);
  }
}

async function openS3(
  url: string,
  settings: ArtifactSettings,
  deps: { clock: Clock; log: Log },
): Promise<OpenArtifacts> {
  // Loaded only where it is used: the SDK is large.
  const [{ parseS3Address }, { s3ArtifactStore }] = await Promise.all([
    import('./s3/s3-address.ts'),
    import('./s3/s3-artifact-store.ts'),
  ]);
  const folder = resolve(settings.ARTIFACTS_CACHE_DIR ?? join(tmpdir(), 'agon-artifacts'));
  const cache = { folder, bytesMax: settings.ARTIFACTS_CACHE_GIB * gib };
  const credentials = credentialsOf(settings);
  try {
    const address = parseS3Address(url);
    const artifacts = s3ArtifactStore({ address, ...(credentials ? { credentials } : {}), cache, ...deps });
    return { artifacts, folder, close: () => artifacts.close() };
  } catch (error) {
    if (error instanceof TypeError) throw new ConfigError(`ARTIFACTS_URL: ${error.message}`);
    throw error;
  }
}

/**
 * Makes the place that the settings name ready for its first use: the bucket, where it is not there yet. Answers what was done.
 *
 * @throws ConfigError where they name none that can be; AppError `not_ready` where the server refuses or is out of reach.
 */
export async function prepareArtifacts(settings: ArtifactSettings): Promise<'made' | 'there'> {
  if (!settings.ARTIFACTS_URL?.startsWith('s3:')) return 'there';
  const [{ parseS3Address }, { makeBucket }] = await Promise.all([
    import('./s3/s3-address.ts'),
    import('./s3/make-bucket.ts'),
  ]);
  return makeBucket(parseS3Address(settings.ARTIFACTS_URL), credentialsOf(settings));
}

function credentialsOf(settings: ArtifactSettings): S3Credentials | undefined {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = settings;
  if (accessKeyId === undefined && secretAccessKey === undefined) return undefined;
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new ConfigError('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together; only one of them is set.');
  }
  const sessionToken = settings.AWS_SESSION_TOKEN;
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}
