import type { GraphBuilder, Value } from '../graph/graph-builder.ts';

/** Some of the new tokens, and what they see. */
export type CausalBlock = {
  /** int64 `[1]`: keys before this index may be seen. */
  readonly keysEnd: Value;
  /** `[groups * tokens of the block, keysEnd]`: 0 where a token sees a key, else a large negative number. */
  readonly mask: Value;
};

export type CausalBlocks = {
  readonly count: number;
  /** int64 `[1]`: earlier tokens, whose keys come from the past. */
  readonly first: Value;
  /** The blocks of layers with such a window. */
  blocksOf(window: number | null): readonly CausalBlock[];
};

const unseen = -1e9;

/**
 * Cuts the T new tokens into `count` blocks, T being a multiple of it. A block needs no keys after its own tokens, so
 * with many blocks nearly half of the work of attention is left out.
 *
 * @param sizes int64 scalars: tokens with those of the past, and new tokens
 * @param groups query heads per key head
 */
export function causalBlocks(
  builder: GraphBuilder,
  sizes: { total: Value; tokens: Value },
  groups: number,
  count: number,
): CausalBlocks {
  const scalar = (value: number): Value => builder.ints([value], []);
  const vector = (value: Value): Value => builder.op('Unsqueeze', [value, builder.ints([0])]);
  const range = (from: Value, to: Value): Value => builder.op('Range', [from, to, scalar(1)]);
  const first = builder.op('Sub', [sizes.total, sizes.tokens]);
  const tokens = builder.op('Div', [sizes.tokens, scalar(count)]);
  const known = new Map<number | null, CausalBlock[]>();
  const block = (index: number, window: number | null): CausalBlock => {
    const start = builder.op('Add', [first, builder.op('Mul', [tokens, scalar(index)])]);
    const end = builder.op('Add', [start, tokens]);
    const rows = builder.op('Unsqueeze', [range(start, end), builder.ints([1])]);
    const distance = builder.op('Sub', [rows, range(scalar(0), end)]);
    const earlier = builder.op('GreaterOrEqual', [distance, scalar(0)]);
    const seen =
      window === null ? earlier : builder.op('And', [earlier, builder.op('Less', [distance, scalar(window)])]);
    const mask = builder.op('Where', [seen, builder.floats([0], []), builder.floats([unseen], [])]);
    return { keysEnd: vector(end), mask: builder.op('Tile', [mask, builder.ints([groups, 1])]) };
  };
  const blocksOf = (window: number | null): readonly CausalBlock[] => {
    const blocks = known.get(window) ?? Array.from({ length: count }, (_, index) => block(index, window));
    known.set(window, blocks);
    return blocks;
  };
  return { count, first: vector(first), blocksOf };
}
