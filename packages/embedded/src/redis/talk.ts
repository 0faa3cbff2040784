import { once } from 'node:events';
import { connect } from 'node:net';

const TIMEOUT_MS = 2000;

/**
 * Sends one inline command after AUTH and returns what comes back, both replies in one string. Empty when nobody
 * listens there or the connection breaks, so that it may be asked again.
 */
export async function talk(port: number, password: string, command: 'PING' | 'SHUTDOWN'): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy());
  let answer = '';
  try {
    await once(socket, 'connect');
    socket.write(`AUTH ${password}\r\n${command}\r\n`);
    for await (const chunk of socket) {
      answer += String(chunk);
      if (answer.split('\r\n').length > 2) break;
    }
  } catch {
    return answer;
  } finally {
    socket.destroy();
  }
  return answer;
}

/** True when the server there knows our password and has its data loaded. */
export async function isUp(port: number, password: string): Promise<boolean> {
  return (await talk(port, password, 'PING')) === '+OK\r\n+PONG\r\n';
}
