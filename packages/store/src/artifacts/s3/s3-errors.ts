import { AppError } from '@agon/contracts';

type SdkError = {
  name?: unknown;
  code?: unknown;
  Code?: unknown;
  $metadata?: { httpStatusCode?: number };
  $response?: { statusCode?: number };
};

const noRoom =
  /^(XMinioStorageFull|XMinioAdminBucketQuotaExceeded|InsufficientStorage|InsufficientCapacity|QuotaExceeded|StorageFull)$/;
const passing =
  /^(TimeoutError|RequestTimeout|NetworkingError|SlowDown|ServiceUnavailable|InternalError|Throttling.*|TooManyRequests.*|ECONN.*|ENOTFOUND|EAI_AGAIN|EPIPE|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)$/;
const refused =
  /^(AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|NoSuchBucket|CredentialsProviderError|AllAccessDisabled)$/;

const statusOf = ({ $metadata, $response }: SdkError): number =>
  $metadata?.httpStatusCode ?? $response?.statusCode ?? 0;

const namesOf = ({ name, code, Code }: SdkError): string[] =>
  [name, code, Code].filter((one) => typeof one === 'string');

const has = (error: unknown, pattern: RegExp): boolean =>
  namesOf((error ?? {}) as SdkError).some((name) => pattern.test(name));

/** Whether the server says that there is no such object or upload. */
export const isAbsent = (error: unknown): boolean =>
  has(error, /^(NoSuchKey|NotFound|NoSuchUpload)$/) ||
  (statusOf((error ?? {}) as SdkError) === 404 && !has(error, /^NoSuchBucket$/));

/** Whether a range begins behind the end of the object. */
export const isBehindTheEnd = (error: unknown): boolean => has(error, /^InvalidRange$/);

/**
 * Turns "no room" into `disk_full` and "out of reach" or "access refused" into `not_ready`; every other error stays as it is.
 * A refusal is `not_ready` too: whoever sends a request can do nothing about it, and it passes when the operator mends it.
 */
export function asStoreError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  const status = statusOf((error ?? {}) as SdkError);
  if (has(error, noRoom) || status === 507) {
    return new AppError('disk_full', 'The artifact store has no room left.', {}, error);
  }
  if (has(error, refused)) {
    return new AppError('not_ready', 'The artifact store refuses the service; its operator must look.', {}, error);
  }
  return has(error, passing) || status >= 500 || status === 429
    ? new AppError('not_ready', 'The artifact store is out of reach.', { retryAfterSeconds: 2 }, error)
    : error;
}
