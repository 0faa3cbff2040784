import { pipeline } from 'node:stream/promises';
import { AppError, type BlobRef, limits } from '@agon/contracts';
import busboy, { type Busboy } from 'busboy';
import type { Request } from 'express';

export type ReceivedForm = {
  readonly fields: ReadonlyMap<string, string>;
  readonly file: (BlobRef & { readonly filename: string }) | undefined;
};

/** Where the content goes, and how it is taken back where the form turns out to be bad. */
export type FormSink = {
  /** The name of the part with the content; `file` where it is left out. */
  readonly part?: string;
  /** `fields` are those that came before the file. */
  readonly put: (source: AsyncIterable<Uint8Array>, fields: ReadonlyMap<string, string>) => Promise<BlobRef>;
  readonly discard: (blob: BlobRef) => Promise<void>;
};

const partLimits = { files: 1, fields: 16, parts: 32, fieldNameSize: 100, fieldSize: 1_024, headerPairs: 32 };

function parserOf(request: Request): Busboy {
  try {
    return busboy({ headers: request.headers, limits: partLimits, defParamCharset: 'utf8' });
  } catch (error) {
    const message = 'Send multipart/form-data with the fields that the route names in /openapi.json.';
    throw new AppError('unsupported_media_type', message, {}, error);
  }
}

const malformed = (message: string): AppError => new AppError('invalid_request', message);

/**
 * Reads multipart/form-data as a stream: the part with the content goes to the sink as it arrives, whatever the order of the parts and
 * without a content-length.
 *
 * @throws AppError `unsupported_media_type`, `invalid_request`, `upload_incomplete`, and whatever the sink throws.
 */
export async function receiveMultipart(request: Request, sink: FormSink): Promise<ReceivedForm> {
  const parser = parserOf(request);
  const { part = 'file' } = sink;
  const fields = new Map<string, string>();
  let filename = 'file';
  let stored: Promise<BlobRef> | undefined;
  let refusal: AppError | undefined;
  const refuse = (error: AppError): void => {
    refusal ??= error;
    parser.destroy(error);
  };
  parser.on('field', (name, value) => fields.set(name ?? '', value));
  parser.on('filesLimit', () => refuse(malformed('Send one file at a time.')));
  parser.on('fieldsLimit', () => refuse(malformed('The form has too many fields.')));
  parser.on('partsLimit', () => refuse(malformed('The form has too many parts.')));
  parser.on('file', (name, stream, info) => {
    stream.on('error', () => undefined);
    if (name !== part) {
      stream.resume();
      refuse(malformed(`The part with the content must be named \`${part}\`.`));
      return;
    }
    filename = cleanName(info.filename);
    stored = sink.put(stream, fields);
    stored.catch((error: unknown) => parser.destroy(error instanceof Error ? error : undefined));
  });
  try {
    await pipeline(request.iterator({ destroyOnReturn: false }), parser);
  } catch (error) {
    const failure = await stored?.then(sink.discard, (reason: unknown) => reason);
    throw refusal ?? toRefusal(request, failure) ?? toRefusal(request, error) ?? error;
  }
  const blob = await stored;
  return { fields, file: blob ? { ...blob, filename } : undefined };
}

/** Whose fault a failed form is: the store's own refusals pass, a cut connection and a broken form have their codes. */
function toRefusal(request: Request, error: unknown): AppError | undefined {
  if (error instanceof AppError) return error;
  if (!(error instanceof Error)) return undefined;
  if (request.destroyed && !request.complete) {
    return new AppError('upload_incomplete', 'The connection ended before the file did.', {}, error);
  }
  const broken = /^(Unexpected end of (form|file)|Malformed part header|Multipart: )/.test(error.message);
  return broken
    ? new AppError('upload_incomplete', `The form is cut short or malformed: ${error.message}.`)
    : undefined;
}

/** A name for people: never used as a path. A lone surrogate, which UTF-8 cannot write, is replaced. */
function cleanName(name: string | undefined): string {
  const printable = (name ?? '').replace(/\p{Cc}/gu, '').slice(-limits.filenameCharactersMax);
  return Buffer.from(printable, 'utf8').toString('utf8') || 'file';
}
