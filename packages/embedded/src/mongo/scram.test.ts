import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { expect, it } from 'vitest';
import { Scram } from './scram.ts';

/** The client's side, written from RFC 5802. */
function prove(password: string, first: string, server: string): { message: string; signature: string } {
  const [, nonce, salt, rounds] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(server) ?? [];
  const salted = pbkdf2Sync(password, Buffer.from(salt!, 'base64'), Number(rounds), 32, 'sha256');
  const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const clientKey = hmac(salted, 'Client Key');
  const signed = `${first},${server},c=biws,r=${nonce}`;
  const mask = hmac(createHash('sha256').update(clientKey).digest(), signed);
  const proof = Buffer.from(clientKey.map((byte, place) => byte ^ mask[place]!));
  const signature = hmac(hmac(salted, 'Server Key'), signed).toString('base64');
  return { message: `c=biws,r=${nonce},p=${proof.toString('base64')}`, signature: `v=${signature}` };
}

it('accepts who knows the password and proves that it knows it too', () => {
  const scram = new Scram('secret');
  const { conversation, answer } = scram.begin('n,,n=agon,r=abc');
  const { message, signature } = prove('secret', 'n=agon,r=abc', answer);
  expect(scram.finish(conversation, message)).toBe(signature);
});

it('refuses a wrong password, user, nonce or form', () => {
  const scram = new Scram('secret');
  const { conversation, answer } = scram.begin('n,,n=agon,r=abc');
  const failed = 'Authentication failed';
  expect(() => scram.finish(conversation, prove('guess', 'n=agon,r=abc', answer).message)).toThrow(failed);
  expect(() =>
    scram.finish({ ...conversation, nonce: 'other' }, prove('secret', 'n=agon,r=abc', answer).message),
  ).toThrow(failed);
  for (const message of ['n,,n=root,r=abc', 'y,,n=agon,r=abc', '']) expect(() => scram.begin(message)).toThrow(failed);
  for (const message of ['', 'c=biws,r=abc', `c=biws,r=${conversation.nonce},p=`])
    expect(() => scram.finish(conversation, message)).toThrow(failed);
});
