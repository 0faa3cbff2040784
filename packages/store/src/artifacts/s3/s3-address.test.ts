import { expect, test } from 'vitest';
import { parseS3Address } from './s3-address.ts';

test('a bucket of AWS is named by its region alone', () => {
  expect(parseS3Address('s3://my-bucket?region=eu-west-1')).toEqual({
    ...{ bucket: 'my-bucket', prefix: '', region: 'eu-west-1' },
    ...{ endpoint: undefined, publicEndpoint: undefined, pathStyle: false },
  });
});

test('another server is spoken to in path style, below a prefix', () => {
  const text = 's3://my-bucket/some//prefix/?endpoint=http://minio:9000/&public_endpoint=https%3A%2F%2Ffiles.test';
  expect(parseS3Address(text)).toEqual({
    ...{ bucket: 'my-bucket', prefix: 'some/prefix/', region: undefined },
    ...{ endpoint: 'http://minio:9000', publicEndpoint: 'https://files.test', pathStyle: true },
  });
  expect(parseS3Address('s3://my-bucket?endpoint=https://s3.test&path_style=false').pathStyle).toBe(false);
});

test.each([
  ['s3://key:secret@my-bucket', 'holds no credentials'],
  ['s3:///prefix', 'name of a bucket'],
  ['https://my-bucket', 'name of a bucket'],
  ['s3://My_Bucket!', 'name of a bucket'],
  ['s3://my-bucket?endpoint=ftp://x', 'endpoint'],
  ['s3://my-bucket?acl=public', 'acl'],
  ['s3://my-bucket?region=a%2Fb', 'region'],
])('%s is refused, and no secret is repeated', (text, why) => {
  let message = '';
  try {
    parseS3Address(text);
  } catch (error) {
    message = error instanceof TypeError ? error.message : '';
  }
  expect(message).toContain(why);
  expect(message).not.toContain('key:secret');
});
