/** Edits (insert, delete, replace, swap of neighbours) from one text to the other: optimal string alignment. */
function editDistance(left: string, right: string): number {
  const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, index) => index)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let row = 1; row <= left.length; row += 1) {
    rows[row] = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1];
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      (rows[row] as number[])[column] = Math.min(
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        at(row - 1, column - 1) + (same ? 0 : 1),
        swapped ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
  }
  return at(left.length, right.length);
}

const comparedCharactersMax = 100;
const plainOf = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[\s_.-]+/g, '')
    .slice(0, comparedCharactersMax);

/** The name that was probably meant: the same but for case and separators, or within a third of its characters. */
export function nearName(given: string, names: readonly string[]): string | undefined {
  const wanted = plainOf(given);
  const scored = names.map((name) => ({ name, distance: editDistance(wanted, plainOf(name)) }));
  const [best] = scored.toSorted((left, right) => left.distance - right.distance);
  return best && best.distance <= Math.max(1, Math.floor(wanted.length / 3)) ? best.name : undefined;
}
