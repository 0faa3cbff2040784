/** A piece of SVG that is safe to put into another. */
export type Piece = string;

type Attributes = Readonly<Record<string, string | number | undefined>>;

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
/** Everything that XML has no place for, besides what would end a text or an attribute. */
const forbidden = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

export const escaped = (text: string): string =>
  text.replaceAll(forbidden, '').replaceAll(/[&<>"]/g, (mark) => escapes[mark] ?? '');

/** An element around pieces. Texts of strangers go through `textOf`. */
export function element(name: string, attributes: Attributes, ...inside: readonly Piece[]): Piece {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? rounded(value) : escaped(String(value))}"`)
    .join('');
  return inside.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${inside.join('')}</${name}>`;
}

export const textOf = (text: string, attributes: Attributes): Piece => element('text', attributes, escaped(text));

export const lineOf = (from: readonly [number, number], to: readonly [number, number], attributes: Attributes): Piece =>
  element('line', { x1: from[0], y1: from[1], x2: to[0], y2: to[1], ...attributes });

/** Tenths of a pixel are fine enough, and the same on every machine. */
export const rounded = (value: number): number => Number(value.toFixed(1));
