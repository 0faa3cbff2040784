import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { CommandError } from './errors.ts';

export const MECHANISM = 'SCRAM-SHA-256';
export const USER = 'agon';
/** The fewest that drivers accept; the password is 24 random bytes, which no number of rounds makes harder to guess. */
const ITERATIONS = 4096;

/** What a connection has said so far in RFC 5802's exchange. */
export interface Conversation {
  nonce: string;
  /** The two first messages, which both sides sign. */
  begun: string;
}

/** The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677) for one user, `agon`. Messages are text as in the RFC. */
export class Scram {
  readonly #salt = randomBytes(16);
  readonly #storedKey: Buffer;
  readonly #serverKey: Buffer;

  constructor(password: string) {
    const salted = pbkdf2Sync(password, this.#salt, ITERATIONS, 32, 'sha256');
    this.#storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest();
    this.#serverKey = hmac(salted, 'Server Key');
  }

  /** Answers the client's first message. Throws AuthenticationFailed. */
  begin(message: string): { conversation: Conversation; answer: string } {
    const [, user, clientNonce] = /^n,,n=([^,]*),r=([^,]+)$/.exec(message) ?? [];
    if (user !== USER || clientNonce === undefined) throw failed();
    const nonce = clientNonce + randomBytes(18).toString('base64');
    const answer = `r=${nonce},s=${this.#salt.toString('base64')},i=${ITERATIONS}`;
    return { conversation: { nonce, begun: `${message.slice('n,,'.length)},${answer}` }, answer };
  }

  /** Answers the client's last message, which proves that it knows the password. Throws AuthenticationFailed. */
  finish({ nonce, begun }: Conversation, message: string): string {
    const [, withoutProof, clientNonce, proof] = /^(c=biws,r=([^,]+)),p=(.+)$/.exec(message) ?? [];
    if (withoutProof === undefined || clientNonce !== nonce || proof === undefined) throw failed();
    const signed = `${begun},${withoutProof}`;
    const clientKey = xor(Buffer.from(proof, 'base64'), hmac(this.#storedKey, signed));
    if (!timingSafeEqual(createHash('sha256').update(clientKey).digest(), this.#storedKey)) throw failed();
    return `v=${hmac(this.#serverKey, signed).toString('base64')}`;
  }
}

function failed(): CommandError {
  return new CommandError('AuthenticationFailed', 'Authentication failed.');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function xor(left: Buffer, right: Buffer): Buffer {
  return Buffer.from(right.map((byte, position) => byte ^ (left[position] ?? 0)));
}
