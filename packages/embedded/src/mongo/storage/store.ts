import { serialize } from 'bson';
import { CommandError } from '../errors.ts';
import { ID_INDEX, type IndexSpecification, parseIndex } from '../index/specification.ts';
import type { Doc } from '../values/document.ts';
import { ingest } from '../values/ingest.ts';
import { Collection } from './collection.ts';
import type { Journal } from './journal.ts';

export const DOCUMENT_BYTES_MAX = 16 * 1024 * 1024;
const CATALOG = 0;
const NAMESPACE_BYTES_MAX = 255;

/** All collections of all databases, in memory, each change also written to the journal. */
export class Store {
  readonly #journal: Journal;
  readonly #collections = new Map<string, Collection>();
  #nextNumber = CATALOG + 1;

  /** Reads everything back from the journal. */
  constructor(journal: Journal) {
    this.#journal = journal;
    for (const { record, bytes } of journal.read(CATALOG)) {
      const { namespace, indexes } = ingest(bytes) as { namespace: string; indexes: Doc[] };
      this.#nextNumber = Math.max(this.#nextNumber, record + 1);
      const collection = this.#make(namespace, record);
      for (const index of indexes) collection.createIndex(parseIndex(index));
      for (const stored of journal.read(record)) collection.load(stored.record, ingest(stored.bytes));
    }
  }

  /** Resolves when all changes up to now are durable. */
  settled(): Promise<void> {
    return this.#journal.settled();
  }

  find(database: string, name: unknown): Collection | undefined {
    return this.#collections.get(namespaceOf(database, name));
  }

  /** The collection, made now if it is not there. */
  require(database: string, name: unknown): Collection {
    const namespace = namespaceOf(database, name);
    const existing = this.#collections.get(namespace);
    if (existing) return existing;
    const made = this.#make(namespace, this.#nextNumber++);
    this.#saveCatalog(made);
    return made;
  }

  /** The collections of one database, by name. */
  list(database: string): Array<{ name: string; collection: Collection }> {
    const prefix = `${database}.`;
    return [...this.#collections]
      .filter(([namespace]) => namespace.startsWith(prefix))
      .map(([namespace, collection]) => ({ name: namespace.slice(prefix.length), collection }));
  }

  all(): Iterable<Collection> {
    return this.#collections.values();
  }

  drop(collection: Collection): void {
    collection.clear();
    this.#collections.delete(collection.namespace);
    this.#journal.write([CATALOG, collection.number], undefined);
  }

  createIndexes(collection: Collection, specifications: IndexSpecification[]): void {
    const made: string[] = [];
    try {
      for (const specification of specifications)
        if (collection.createIndex(specification)) made.push(specification.name);
    } catch (cause) {
      for (const name of made) collection.dropIndex(name);
      throw cause;
    }
    if (made.length > 0) this.#saveCatalog(collection);
  }

  dropIndexes(collection: Collection, names: string[]): void {
    for (const name of names) collection.dropIndex(name);
    this.#saveCatalog(collection);
  }

  #make(namespace: string, number: number): Collection {
    const collection = new Collection(namespace, number, (record, document) =>
      this.#journal.write([number, record], document && encode(document)),
    );
    this.#collections.set(namespace, collection);
    return collection;
  }

  #saveCatalog({ namespace, number, specifications }: Collection): void {
    const indexes = specifications.filter((specification) => specification.name !== ID_INDEX.name);
    this.#journal.write([CATALOG, number], serialize({ namespace, indexes }));
  }
}

/** BSON bytes of a document to store. Throws BSONObjectTooLarge. */
function encode(document: Doc): Uint8Array {
  const bytes = serialize(document);
  if (bytes.length <= DOCUMENT_BYTES_MAX) return bytes;
  throw new CommandError(
    'BSONObjectTooLarge',
    `a document has ${bytes.length} bytes; at most ${DOCUMENT_BYTES_MAX} are allowed`,
  );
}

function namespaceOf(database: string, name: unknown): string {
  if (typeof name === 'string' && name !== '' && !name.includes('$') && !name.includes('\0')) {
    const namespace = `${database}.${name}`;
    if (Buffer.byteLength(namespace) <= NAMESPACE_BYTES_MAX) return namespace;
  }
  throw new CommandError('InvalidNamespace', `invalid collection name: ${String(name)}`);
}
