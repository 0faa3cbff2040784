export type Cell = string | number | null | undefined;

/** Width as shown: escape sequences take no room. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with the escape character.
const widthOf = (text: string): number => text.replace(/\u001b\[[0-9;]*m/g, '').length;

/** Columns lined up with two spaces between; numbers to the right. */
export function renderTable(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [header, ...rows].map((row) =>
    row.map((cell) => (cell === null || cell === undefined ? '–' : String(cell))),
  );
  const widths = header.map((_, column) => Math.max(...lines.map((line) => widthOf(line[column] ?? ''))));
  const right = header.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  const pad = (text: string, column: number): string => {
    const space = ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(text)));
    return right[column] ? space + text : text + space;
  };
  return lines.map((line) => line.map(pad).join('  ').trimEnd()).join('\n');
}

/** Bytes for people. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A metric's value with four significant digits. */
export const formatNumber = (value: number | null | undefined): string =>
  value === null || value === undefined ? '–' : Number(value.toPrecision(5)).toString();

/** `0.312 [0.291, 0.334]`. */
export const formatScore = (score: { value: number; ci95: readonly [number, number] } | null | undefined): string =>
  score ? `${formatNumber(score.value)} [${score.ci95.map(formatNumber).join(', ')}]` : '–';

/** Seconds for people: `42 s`, `3 min 20 s`, `2 h 05 min`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`;
}
