import { Signal } from '@agon/contracts';
import type { Log } from '@agon/kit';
import type { Redis } from 'ioredis';

export type SignalListener = (signal: Signal) => void;

/** The channel on which processes tell each other that something changed. */
export const signalChannel = (prefix: string): string => `${prefix}:signals`;

/** Delivers what comes in on the channel to every listener. A listener that throws harms no other. */
export function signalHub(log: Log): { listeners: Set<SignalListener>; receive(message: string): void } {
  const listeners = new Set<SignalListener>();
  const tell = (listener: SignalListener, signal: Signal): void => {
    try {
      listener(signal);
    } catch (error) {
      log.error({ err: error, signal: signal.kind }, 'a listener of signals failed');
    }
  };
  const receive = (message: string): void => {
    const signal = readSignal(message);
    if (!signal) log.warn({ characters: message.length }, 'a signal was not readable');
    else for (const listener of [...listeners]) tell(listener, signal);
  };
  return { listeners, receive };
}

/** Listens for as long as the connection lives; it subscribes again by itself when the connection was lost. */
export async function subscribe(redis: Redis, channel: string, receive: (message: string) => void): Promise<void> {
  redis.on('message', (_channel: string, message: string) => receive(message));
  await redis.subscribe(channel);
}

function readSignal(message: string): Signal | undefined {
  try {
    return Signal.safeParse(JSON.parse(message)).data;
  } catch {
    return undefined;
  }
}
