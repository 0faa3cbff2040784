import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Log } from '../log.ts';
import type { Context, Session } from './commands/command.ts';
import { dispatch, errorReply } from './commands/dispatch.ts';
import { CommandError } from './errors.ts';
import { FrameReader, WireError } from './wire/frames.ts';
import { parseMessage, type Request } from './wire/message.ts';
import { encodeReply, type Reply } from './wire/reply.ts';

/** What all connections share. */
export type Services = Omit<Context, 'database' | 'session'>;

/**
 * Answers the messages of one connection in their order until it ends. Bytes that are not the protocol end this
 * connection with a line in the log, and nothing else.
 */
export async function serveConnection(socket: Socket, services: Services, log: Log): Promise<void> {
  const frames = new FrameReader();
  const session: Session = { authenticated: services.scram === undefined };
  socket.setNoDelay(true);
  try {
    for await (const chunk of socket) {
      for (const message of frames.push(chunk as Buffer)) await answer(socket, message, { ...services, session });
    }
  } catch (cause) {
    const reset = (cause as NodeJS.ErrnoException).code !== undefined;
    if (!reset) log.warn({ error: String(cause) }, 'connection closed: not the wire protocol');
  } finally {
    socket.destroy();
  }
}

async function answer(socket: Socket, message: Buffer, services: Services & { session: Session }): Promise<void> {
  const { request, reply } = await respond(message, services);
  if (!request.wantsReply || socket.destroyed) return;
  if (!socket.write(encode(reply, request))) await once(socket, 'drain');
}

function encode(reply: Reply, request: { requestId: number; legacy: boolean }): Buffer {
  try {
    return encodeReply(reply, request);
  } catch (cause) {
    return encodeReply(errorReply(cause), request);
  }
}

async function respond(
  message: Buffer,
  services: Services & { session: Session },
): Promise<{ request: Pick<Request, 'requestId' | 'legacy' | 'wantsReply'>; reply: Reply }> {
  let request: Request;
  try {
    request = parseMessage(message);
  } catch (cause) {
    // A type of value that we do not hold is an answer; anything else that cannot be read ends the connection.
    if (!(cause instanceof CommandError)) throw new WireError(cause instanceof Error ? cause.message : String(cause));
    return {
      request: { requestId: message.readInt32LE(4), legacy: false, wantsReply: true },
      reply: errorReply(cause),
    };
  }
  return { request, reply: await dispatch(services, request.body) };
}
