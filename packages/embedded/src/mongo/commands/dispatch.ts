import { CommandError, errorFields, toCommandError } from '../errors.ts';
import type { Doc } from '../values/document.ts';
import type { Reply } from '../wire/reply.ts';
import { AUTHENTICATION_COMMANDS } from './authenticate.ts';
import type { Command, Context } from './command.ts';
import { FIND_AND_MODIFY } from './find-and-modify.ts';
import { READ_COMMANDS } from './read.ts';
import { SCHEMA_COMMANDS } from './schema.ts';
import { SESSION_COMMANDS } from './session.ts';
import { WRITE_COMMANDS } from './write.ts';

const COMMANDS: ReadonlyMap<string, Command> = new Map(
  Object.entries({
    ...SESSION_COMMANDS,
    ...AUTHENTICATION_COMMANDS,
    ...READ_COMMANDS,
    ...WRITE_COMMANDS,
    ...FIND_AND_MODIFY,
    ...SCHEMA_COMMANDS,
  }),
);

/** What any command may carry. One process that holds all data meets every read and write concern and preference. */
const COMMON_FIELDS = new Set([
  '$db',
  '$clusterTime',
  '$readPreference',
  'lsid',
  'readConcern',
  'writeConcern',
  'maxTimeMS',
  'comment',
  'apiVersion',
  'apiStrict',
  'apiDeprecationErrors',
]);

/**
 * Runs one command and answers, after its changes (and all that it may have seen) are durable: an answer never tells of
 * a write that a crash could take back.
 */
export async function dispatch(context: Omit<Context, 'database'>, body: Doc): Promise<Reply> {
  let reply: Reply;
  try {
    reply = run(context, body);
  } catch (cause) {
    reply = errorReply(cause);
  }
  await context.store.settled();
  return reply;
}

/** The answer to a request that failed as a whole. */
export function errorReply(cause: unknown): Reply {
  return { document: { ok: 0, ...errorFields(toCommandError(cause)) } };
}

function run(context: Omit<Context, 'database'>, body: Doc): Reply {
  const name = Object.keys(body)[0] ?? '';
  const command = COMMANDS.get(name);
  if (command === undefined) {
    throw new CommandError('CommandNotFound', `no such command: '${name}': the embedded server does not have it`);
  }
  if (!context.session.authenticated && !command.open) {
    throw new CommandError('Unauthorized', `command ${name} requires authentication`);
  }
  if ('startTransaction' in body || 'autocommit' in body || 'txnNumber' in body) {
    throw new CommandError(
      'IllegalOperation',
      'Transaction numbers are only allowed on a replica set member or mongos',
    );
  }
  for (const field of Object.keys(body)) {
    if (field !== name && !COMMON_FIELDS.has(field) && !command.fields.includes(field)) {
      throw new CommandError('UnknownField', `the embedded server does not have ${name}.${field}`);
    }
  }
  return command.run({ ...context, database: typeof body.$db === 'string' ? body.$db : 'admin' }, body);
}
