/**
 * One spelling for one text, as parts have it: Unicode NFC, line breaks as LF, halves of surrogate pairs as U+FFFD, no
 * white space around it. White space inside stays: code and verse need it.
 */
export function cleanText(text: string): string {
  const whole = /\p{Surrogate}/u.test(text) ? Buffer.from(text, 'utf8').toString('utf8') : text;
  const lines = whole.includes('\r') ? whole.replaceAll(/\r\n?/g, '\n') : whole;
  return lines.normalize('NFC').trim();
}

/** JSON in which every run of white space inside a string is one space: what rows are compared by. */
export const comparableJson = (row: object): string =>
  JSON.stringify(row, (_, value: unknown) => (typeof value === 'string' ? value.replaceAll(/\s+/g, ' ') : value));
