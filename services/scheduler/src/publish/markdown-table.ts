const charactersMax = 200;
const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').slice(0, charactersMax);

/** Text of strangers inside Markdown: one line, with nothing that would end a cell, link, show a picture or begin a tag. */
export const plain = (text: string): string =>
  oneLine(text)
    .replaceAll(/[\\|[\]*`]/g, (mark) => `\\${mark}`)
    .replaceAll('<', '&lt;');

/** Text of strangers as a code span. */
export const code = (text: string): string => `\`${oneLine(text).replaceAll('`', "'")}\``;

/** A Markdown table. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(plain).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}
