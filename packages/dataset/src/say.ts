/** `cell` or `cells`. */
export const pluralOf = (count: number, noun: string): string => (count === 1 ? noun : `${noun}s`);

/** A name or value as a message shows it: in quotes, shortened, without line breaks. */
export const quoted = (text: string): string => {
  const line = text.replace(/\s+/g, ' ');
  return `"${line.length > 60 ? `${line.slice(0, 57)}…` : line}"`;
};

/** 90001 as 90,001. */
export const counted = (count: number): string => count.toLocaleString('en');
