import { AppError } from '@agon/contracts';

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

const wrong = (): AppError => new AppError('commit_invalid', 'The content of a file is not base64.');

/** @throws AppError `commit_invalid`. */
export function decodeBase64(text: string): Buffer {
  if (text.length % 4 !== 0 || !base64.test(text)) throw wrong();
  return Buffer.from(text, 'base64');
}

/** Decodes base64 as it arrives, in whole groups of four. @throws AppError `commit_invalid`. */
export async function* decodeBase64Stream(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let left = '';
  let padded = false;
  for await (const chunk of source) {
    if (padded) throw wrong();
    const text = left + chunk.toString('latin1');
    const whole = text.length - (text.length % 4);
    left = text.slice(whole);
    const bytes = decodeBase64(text.slice(0, whole));
    padded = whole > 0 && text[whole - 1] === '=';
    if (bytes.length > 0) yield bytes;
  }
  if (left !== '') throw wrong();
}
