import { once } from 'node:events';
import { chmodSync, mkdirSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '@agon/kit';
import { lockFolder } from '../lock.ts';
import type { Log } from '../log.ts';
import { Cursors } from './commands/cursors.ts';
import { type Services, serveConnection } from './connection.ts';
import { removeExpired } from './expiry.ts';
import { Scram } from './scram.ts';
import { Journal } from './storage/journal.ts';
import { Store } from './storage/store.ts';

export interface MongoServerOptions {
  /** Where the data is; made when it is not there. Only one process at a time may have it. */
  folder: string;
  /** 0 or absent: any free port. */
  port?: number;
  /** Address to listen on; absent: 127.0.0.1. Any other wants a password. */
  host?: string;
  /** What the user `agon` must know; absent: no one is asked. */
  password?: string | undefined;
  log: Log;
  clock: Clock;
  /** How often expired documents and idle cursors are removed. */
  sweepMs: number;
  /** Called when a write cannot be made durable. The caller must end the process. */
  onFailure: (cause: unknown) => void;
}

export interface MongoServer {
  port: number;
  /** Answers what has begun, makes it durable and gives the folder back. */
  close(): Promise<void>;
}

/** Serves a data folder over MongoDB's wire protocol. Throws when another process has the folder or the port. */
export async function serveMongo(options: MongoServerOptions): Promise<MongoServer> {
  const { folder, port = 0, host = '127.0.0.1', password, log, clock, sweepMs, onFailure } = options;
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o700);
  const unlock = lockFolder(folder);
  try {
    const journal = new Journal(join(folder, 'data.lmdb'), onFailure);
    const scram = password === undefined ? undefined : new Scram(password);
    const services: Services = { store: new Store(journal), cursors: new Cursors(clock), scram, clock };
    const sockets = new Map<Socket, Promise<void>>();
    const server = createServer((socket) => {
      sockets.set(
        socket,
        serveConnection(socket, services, log).finally(() => sockets.delete(socket)),
      );
    });
    const listening = await listen(server, { host, port });
    // Without this a lack of file handles at one connection would end the process.
    server.on('error', (cause) => log.error({ error: cause.message }, 'a connection could not be accepted'));
    const sweeper = setInterval(() => sweep(services, log), sweepMs);
    sweeper.unref();
    const close = async (): Promise<void> => {
      clearInterval(sweeper);
      server.close();
      await services.store.settled();
      for (const socket of sockets.keys()) socket.end();
      for (const socket of sockets.keys()) socket.destroySoon();
      await Promise.all(sockets.values());
      await journal.close();
      unlock();
    };
    return { port: listening, close };
  } catch (cause) {
    unlock();
    throw cause;
  }
}

async function listen(server: Server, address: { host: string; port: number }): Promise<number> {
  server.listen(address);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function sweep({ store, cursors, clock }: Services, log: Log): void {
  cursors.sweep();
  const removed = removeExpired(store, clock.nowMs());
  if (removed > 0) log.info({ removed }, 'expired documents removed');
}
