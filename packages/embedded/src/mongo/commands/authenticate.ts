import { Binary } from 'bson';
import { CommandError } from '../errors.ts';
import { MECHANISM, Scram } from '../scram.ts';
import type { Doc } from '../values/document.ts';
import type { Reply } from '../wire/reply.ts';
import { type Command, type Context, ok } from './command.ts';

function scramOf({ scram }: Context): Scram {
  if (scram instanceof Scram) return scram;
  throw new CommandError('AuthenticationFailed', 'this server has no password');
}

function textOf(payload: unknown): string {
  return payload instanceof Binary ? Buffer.from(payload.value()).toString('utf8') : '';
}

function answer(text: string, done: boolean): Reply {
  return ok({ conversationId: 1, done, payload: new Binary(Buffer.from(text)) } satisfies Doc);
}

const saslStart: Command = {
  open: true,
  fields: ['mechanism', 'payload', 'autoAuthorize', 'options', 'db'],
  run: (context, body) => {
    if (body.mechanism !== MECHANISM)
      throw new CommandError('AuthenticationFailed', `the embedded server has only ${MECHANISM}`);
    const { conversation, answer: text } = scramOf(context).begin(textOf(body.payload));
    context.session.conversation = conversation;
    return answer(text, false);
  },
};

const saslContinue: Command = {
  open: true,
  fields: ['conversationId', 'payload'],
  run: (context, body) => {
    const { session } = context;
    // Drivers that cannot skip it send one empty message after the proof.
    if (session.authenticated) return answer('', true);
    if (session.conversation === undefined) throw new CommandError('AuthenticationFailed', 'no exchange has begun');
    const { conversation } = session;
    delete session.conversation;
    const text = scramOf(context).finish(conversation, textOf(body.payload));
    session.authenticated = true;
    return answer(text, true);
  },
};

export const AUTHENTICATION_COMMANDS: Record<string, Command> = { saslStart, saslContinue };
