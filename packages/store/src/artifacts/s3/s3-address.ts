import { z } from 'zod';

const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const httpUrl = z.url({ protocol: /^https?$/ }).transform((text) => text.replace(/\/+$/, ''));

const Parameters = z.strictObject({
  region: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/, 'is the name of a region')
    .optional(),
  endpoint: httpUrl.optional(),
  public_endpoint: httpUrl.optional(),
  path_style: z.stringbool().optional(),
});

/** Where blobs are kept in an S3-compatible store. */
export type S3Address = {
  readonly bucket: string;
  /** Empty, or with a slash at its end. */
  readonly prefix: string;
  readonly region: string | undefined;
  /** Of a server that is not AWS. */
  readonly endpoint: string | undefined;
  /** Where miners reach the same bucket, where that is another address. */
  readonly publicEndpoint: string | undefined;
  readonly pathStyle: boolean;
};

/**
 * Reads `s3://bucket/prefix?region=…&endpoint=…&public_endpoint=…&path_style=…`. A server with an address of its own is
 * spoken to in path style, as a bucket is seldom a host name there.
 *
 * @throws TypeError that says what is wrong; the address is not quoted, as people put secrets into addresses.
 */
export function parseS3Address(text: string): S3Address {
  const url = new URL(text);
  const bucket = decodeURIComponent(url.hostname);
  if (url.username || url.password) {
    throw new TypeError('an s3:// address holds no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.');
  }
  if (url.protocol !== 's3:' || !bucketName.test(bucket)) {
    throw new TypeError('an s3:// address begins with the name of a bucket: s3://bucket/prefix.');
  }
  const parsed = Parameters.safeParse(Object.fromEntries(url.searchParams));
  if (!parsed.success) throw new TypeError(z.prettifyError(parsed.error));
  const { region, endpoint, public_endpoint: publicEndpoint, path_style: pathStyle } = parsed.data;
  const path = decodeURIComponent(url.pathname).split('/').filter(Boolean).join('/');
  return {
    bucket,
    prefix: path && `${path}/`,
    region,
    endpoint,
    publicEndpoint,
    pathStyle: pathStyle ?? endpoint !== undefined,
  };
}
