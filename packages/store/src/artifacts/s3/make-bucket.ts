import { CreateBucketCommand, HeadBucketCommand } from '@aws-sdk/client-s3';
import type { S3Address } from './s3-address.ts';
import { type S3Credentials, s3Client } from './s3-client.ts';
import { asStoreError, isAbsent } from './s3-errors.ts';

/**
 * Makes the bucket where it is not there yet; two that do so at once both end well.
 *
 * @throws AppError `not_ready` where the server is out of reach or the key may not.
 */
export async function makeBucket(address: S3Address, credentials?: S3Credentials): Promise<'made' | 'there'> {
  const client = s3Client({ address, ...(credentials ? { credentials } : {}) }, address.endpoint);
  const Bucket = address.bucket;
  try {
    if (await client.send(new HeadBucketCommand({ Bucket })).then(() => true, absent)) return 'there';
    await client.send(new CreateBucketCommand({ Bucket }));
    return 'made';
  } catch (error) {
    if (error instanceof Error && error.name === 'BucketAlreadyOwnedByYou') return 'there';
    throw asStoreError(error);
  } finally {
    client.destroy();
  }
}

function absent(error: unknown): false {
  if (isAbsent(error)) return false;
  throw error;
}
