import { escapeNames, restoreNames } from './free-names.ts';

/** A record as it is stored: its id is the `_id`. */
export type DocumentOf<R extends { id: string }> = Omit<R, 'id'> & { _id: string };

/** A record as a document. */
export function toDocument<R extends { id: string }>(record: R): DocumentOf<R> {
  const { id, ...fields } = escapeNames(record);
  return { _id: id, ...fields };
}

/** A document as the record that it was made from; `own` names the fields that only the store knows. */
export function toRecord<R extends { id: string }>(document: DocumentOf<R>, own: readonly string[] = []): R {
  const { _id: id, ...fields } = document;
  const kept = Object.entries(fields).filter(([name]) => !own.includes(name));
  return restoreNames({ id, ...Object.fromEntries(kept) }) as R;
}
