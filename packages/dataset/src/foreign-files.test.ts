import { describe, expect, test } from 'vitest';
import { refused, sourceOf } from './testing/sources.ts';

describe('a file that is no table', () => {
  test.each<[string, Uint8Array | string, RegExp]>([
    ['empty', '', /is empty/],
    ['white space', ' \n\n ', /white space/],
    ['PDF', '%PDF-1.7\n', /PDF.*CSV/],
    ['gzip', Uint8Array.of(0x1f, 0x8b, 8, 0), /gzip.*unpack/],
    ['ZIP', Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0), /ZIP.*unpack/],
    ['Excel', Buffer.from('PK\x03\x04\x14\0\x06\0[Content_Types].xml', 'latin1'), /Excel.*export/],
    ['old Excel', Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1), /Excel.*export/],
    ['PNG', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10), /PNG/],
    ['a web page', '<!DOCTYPE html><html><body>Log in</body></html>', /web page.*login/],
    ['XML', '<?xml version="1.0"?><rows/>', /XML/],
    ['a JSON array', '[{"a": 1}, {"a": 2}]', /JSON array.*JSON Lines/],
    ['a pickle', Uint8Array.of(0x80, 4, 0x95, 1, 2), /pickle/],
    ['binary', Uint8Array.of(1, 2, 0, 4, 5, 6, 0, 0, 0, 1), /binary/],
    ['UTF-16 without a mark', Buffer.from('a,b\n1,2\n3,4\n', 'utf16le'), /UTF-16 without/],
  ])('%s is refused by what it looks like', async (_name, content, message) => {
    const refusal = await refused(sourceOf(content, 'train.csv'));
    expect(refusal.error.code).toBe('dataset_unreadable');
    expect(refusal.error.message).toMatch(message);
  });
});
