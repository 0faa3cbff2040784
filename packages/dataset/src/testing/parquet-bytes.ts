/** A Parquet file of one optional INT32 column and one page, written by hand so that it can lie. */

type Thrift =
  | { i32: number }
  | { i64: number }
  | { text: string }
  | { list: Thrift[] }
  | { struct: [number, Thrift][] };

const typeCodes = { i32: 5, i64: 6, text: 8, list: 9, struct: 12 } as const;

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  for (let left = value; ; left >>= 7n) {
    if (left < 0x80n) return [...bytes, Number(left)];
    bytes.push(Number(left & 0x7fn) | 0x80);
  }
}

const zigzag = (value: number): number[] => varint(BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n)));

const typeOf = (value: Thrift): number => typeCodes[Object.keys(value)[0] as keyof typeof typeCodes];

/** Thrift's compact protocol. */
function encode(value: Thrift): number[] {
  if ('i32' in value) return zigzag(value.i32);
  if ('i64' in value) return zigzag(value.i64);
  if ('text' in value) return [...varint(BigInt(Buffer.byteLength(value.text))), ...Buffer.from(value.text)];
  if ('list' in value) {
    const [first] = value.list;
    return [(value.list.length << 4) | (first ? typeOf(first) : 0), ...value.list.flatMap(encode)];
  }
  let last = 0;
  const fields = value.struct.flatMap(([id, field]) => {
    const head = ((id - last) << 4) | typeOf(field);
    last = id;
    return [head, ...encode(field)];
  });
  return [...fields, 0];
}

export type PageLies = {
  /** Rows that the footer tells. */
  rows?: number;
  /** Values that the page tells. */
  values?: number;
  uncompressedBytes?: number;
  codec?: 'UNCOMPRESSED' | 'SNAPPY' | 'GZIP';
  /** Definition levels, run-length encoded, without their length. */
  levels?: readonly number[];
  body?: readonly number[];
};

/** By default 100 rows, all missing. */
export function parquetBytes(lies: PageLies = {}): Uint8Array {
  const rows = lies.rows ?? 100;
  const levels = lies.levels ?? [...varint(BigInt(rows) << 1n), 0];
  const page = lies.body ?? [levels.length, 0, 0, 0, ...levels];
  const header = encode({
    struct: [
      [1, { i32: 0 }],
      [2, { i32: lies.uncompressedBytes ?? page.length }],
      [3, { i32: page.length }],
      [
        5,
        {
          struct: [
            [1, { i32: lies.values ?? rows }],
            [2, { i32: 0 }],
            [3, { i32: 3 }],
            [4, { i32: 3 }],
          ],
        },
      ],
    ],
  });
  const chunk = [...header, ...page];
  const footer = encode(footerOf(lies, rows, chunk.length));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([Buffer.from('PAR1'), Buffer.from(chunk), Buffer.from(footer), length, Buffer.from('PAR1')]);
}

function footerOf(lies: PageLies, rows: number, chunkBytes: number): Thrift {
  const codec = { UNCOMPRESSED: 0, SNAPPY: 1, GZIP: 2 }[lies.codec ?? 'UNCOMPRESSED'];
  const meta: Thrift = {
    struct: [
      [1, { i32: 1 }],
      [2, { list: [{ i32: 0 }] }],
      [3, { list: [{ text: 'x' }] }],
      [4, { i32: codec }],
      [5, { i64: rows }],
      [6, { i64: chunkBytes }],
      [7, { i64: chunkBytes }],
      [9, { i64: 4 }],
    ],
  };
  const group: Thrift = {
    struct: [
      [
        1,
        {
          list: [
            {
              struct: [
                [2, { i64: 4 }],
                [3, meta],
              ],
            },
          ],
        },
      ],
      [2, { i64: chunkBytes }],
      [3, { i64: rows }],
    ],
  };
  const root: Thrift = {
    struct: [
      [4, { text: 'schema' }],
      [5, { i32: 1 }],
    ],
  };
  const leaf: Thrift = {
    struct: [
      [1, { i32: 1 }],
      [3, { i32: 1 }],
      [4, { text: 'x' }],
    ],
  };
  return {
    struct: [
      [1, { i32: 1 }],
      [2, { list: [root, leaf] }],
      [3, { i64: rows }],
      [4, { list: [group] }],
    ],
  };
}
