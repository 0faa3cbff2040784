import type { Clock } from '@agon/kit';
import { CommandError } from '../errors.ts';
import type { Conversation, Scram } from '../scram.ts';
import type { Store } from '../storage/store.ts';
import { type Doc, isDocument } from '../values/document.ts';
import type { Reply } from '../wire/reply.ts';
import type { Cursors } from './cursors.ts';

/** What the server knows of one connection. */
export interface Session {
  authenticated: boolean;
  conversation?: Conversation;
}

export interface Context {
  database: string;
  session: Session;
  /** Absent when the server asks for no password. */
  scram: Scram | undefined;
  store: Store;
  cursors: Cursors;
  clock: Clock;
}

/** One command. It runs without a pause, so it is atomic; the server waits for durability before it answers. */
export interface Command {
  /** May be run before authentication. */
  open?: true;
  /** The fields that the command knows beside its own name; any other is refused by name. */
  fields: readonly string[];
  run: (context: Context, body: Doc) => Reply;
}

export const ok = (fields: Doc = {}): Reply => ({ document: { ...fields, ok: 1 } });

/** A field that must be a document when it is there. Throws TypeMismatch. */
export function documentField(body: Doc, name: string): Doc {
  const value = body[name];
  if (value === undefined || value === null) return {};
  if (isDocument(value)) return value;
  throw new CommandError('TypeMismatch', `${name} must be a document`);
}

/** A field that must be a list of documents when it is there. Throws TypeMismatch. */
export function documentsField(body: Doc, name: string): Doc[] {
  const value = body[name] ?? [];
  if (Array.isArray(value) && value.every(isDocument)) return value;
  throw new CommandError('TypeMismatch', `${name} must be a list of documents`);
}

/** A whole number from 0 when it is there. Throws BadValue. */
export function countField(body: Doc, name: string): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw new CommandError('BadValue', `${name} must be a whole number from 0`);
}

/** Refuses what a part of a command says and we do not have: to pass over it could change what it means. */
export function refuseUnknown(part: Doc, known: readonly string[], where: string): void {
  for (const field of Object.keys(part)) {
    if (!known.includes(field))
      throw new CommandError('UnknownField', `the embedded server does not have ${where}.${field}`);
  }
}
