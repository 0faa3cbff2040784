import { describe, expect, test } from 'vitest';
import { detectDelimiter } from './detect-delimiter.ts';

describe('detectDelimiter', () => {
  test.each([
    ['commas', 'a,b,c\n1,2,3\n', ','],
    ['semicolons with decimal commas', 'a;b;c\n1,5;2,5;3,5\n1,5;2,5;3\n', ';'],
    ['tabs with commas in texts', 'id\ttext\n1\tone, two, three\n2\tfour\n', '\t'],
    ['bars', 'a|b\n1|2\n', '|'],
    ['quoted delimiters', 'id,"x;y;z;w"\n1,"a;b;c;d"\n', ','],
    ['commas, one row of which is ragged', 'a,b,c\n1,2,3\n1,2\n1,2,3\n', ','],
    ['one column', 'a\n1\n2\n', ','],
    ['nothing', '', ','],
    ['a header without a line break', 'a;b;c', ';'],
  ])('finds %s', (_name, head, delimiter) => {
    expect(detectDelimiter(head)).toBe(delimiter);
  });
});
