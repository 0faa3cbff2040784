import type { Clock } from '@agon/kit';
import { serialize } from 'bson';
import { CommandError } from '../errors.ts';
import { DOCUMENT_BYTES_MAX } from '../storage/store.ts';
import type { Doc } from '../values/document.ts';
import type { Page } from '../wire/reply.ts';

const FIRST_BATCH_DOCUMENTS = 101;
const IDLE_MS = 10 * 60 * 1000;

interface Cursor {
  namespace: string;
  documents: readonly Doc[];
  project: (document: Doc) => Doc;
  position: number;
  usedAtMs: number;
}

export interface CursorOptions {
  namespace: string;
  documents: readonly Doc[];
  project?: (document: Doc) => Doc;
  batchSize?: number | undefined;
  singleBatch?: boolean;
}

/** Open cursors. A cursor holds the documents as they were when the query ran; they cannot change under it. */
export class Cursors {
  readonly #open = new Map<number, Cursor>();
  readonly #clock: Clock;
  #nextId = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#open.size;
  }

  /** The first page of a result; the cursor stays open when there is more. */
  first({
    namespace,
    documents,
    project = (document) => document,
    batchSize,
    singleBatch = false,
  }: CursorOptions): Page {
    const cursor: Cursor = { namespace, documents, project, position: 0, usedAtMs: this.#clock.nowMs() };
    const page = batch(cursor, batchSize ?? FIRST_BATCH_DOCUMENTS);
    const done = singleBatch || cursor.position >= documents.length;
    const id = done ? 0 : this.#nextId++;
    if (!done) this.#open.set(id, cursor);
    return { id, namespace, field: 'firstBatch', documents: page };
  }

  /** The next page. Throws CursorNotFound. */
  next(id: number, batchSize: number | undefined): Page {
    const cursor = this.#open.get(id);
    if (cursor === undefined) throw new CommandError('CursorNotFound', `cursor id ${id} not found`);
    cursor.usedAtMs = this.#clock.nowMs();
    const documents = batch(cursor, batchSize || Number.POSITIVE_INFINITY);
    const done = cursor.position >= cursor.documents.length;
    if (done) this.#open.delete(id);
    return { id: done ? 0 : id, namespace: cursor.namespace, field: 'nextBatch', documents };
  }

  /** Returns whether there was such a cursor. */
  kill(id: number): boolean {
    return this.#open.delete(id);
  }

  /** Closes the cursors that nobody has read from for 10 minutes. */
  sweep(): void {
    const oldest = this.#clock.nowMs() - IDLE_MS;
    for (const [id, { usedAtMs }] of this.#open) if (usedAtMs < oldest) this.#open.delete(id);
  }
}

/** Up to `count` documents, fewer when they would be more than one message may hold; at least one. */
function batch(cursor: Cursor, count: number): Uint8Array[] {
  const page: Uint8Array[] = [];
  let bytes = 0;
  while (page.length < count && cursor.position < cursor.documents.length) {
    const next = serialize(cursor.project(cursor.documents[cursor.position] as Doc));
    if (next.length > DOCUMENT_BYTES_MAX) {
      throw new CommandError(
        'BSONObjectTooLarge',
        `a result has ${next.length} bytes; at most ${DOCUMENT_BYTES_MAX} are allowed`,
      );
    }
    if (page.length > 0 && bytes + next.length > DOCUMENT_BYTES_MAX) break;
    bytes += next.length;
    page.push(next);
    cursor.position++;
  }
  return page;
}
