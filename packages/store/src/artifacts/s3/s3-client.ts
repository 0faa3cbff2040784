import { S3Client } from '@aws-sdk/client-s3';
import type { S3Address } from './s3-address.ts';

export type S3Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };

const attemptsMax = 5;
const connectMsMax = 10_000;
/** Without a byte, on an open connection. */
const silentMsMax = 60_000;

/** A client of the server at `endpoint`; absent: AWS's own. */
export function s3Client(
  { address, credentials }: { address: S3Address; credentials?: S3Credentials },
  endpoint: string | undefined,
): S3Client {
  return new S3Client({
    ...(address.region ? { region: address.region } : endpoint ? { region: 'us-east-1' } : {}),
    ...(endpoint ? { endpoint } : {}),
    ...(credentials ? { credentials } : {}),
    forcePathStyle: address.pathStyle,
    maxAttempts: attemptsMax,
    // Our own SHA-256 goes with every part; the default CRC in a trailer is unknown to many servers.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: connectMsMax, requestTimeout: silentMsMax, throwOnRequestTimeout: true },
  });
}
