/** Texts of one question to the process, so that no question is long and others come between. */
const textsMax = 64;
const charactersMax = 65_536;

/** The texts' places in pieces, the longest texts first: texts of like length need little padding. */
export function classifyPieces(texts: readonly string[]): number[][] {
  const order = [...texts.keys()].sort((left, right) => lengthOf(texts, right) - lengthOf(texts, left) || left - right);
  const pieces: number[][] = [];
  let characters = 0;
  for (const place of order) {
    const piece = pieces.at(-1);
    const length = lengthOf(texts, place);
    if (piece && piece.length < textsMax && characters + length <= charactersMax) piece.push(place);
    else {
      pieces.push([place]);
      characters = 0;
    }
    characters += length;
  }
  return pieces;
}

const lengthOf = (texts: readonly string[], place: number): number => texts[place]?.length ?? 0;
