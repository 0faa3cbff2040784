import { randomBytes } from 'node:crypto';
import type { Capabilities } from '@agon/contracts';
import { type Clock, newSigningKeyPem, readSigningKey, signRequest, systemClock } from '@agon/kit';
import { someCapabilities } from '@agon/testing';

type Sent = { status: number; body: Record<string, unknown>; headers: Headers };
type SignOptions = { nonce?: string; createdSeconds?: number };

export type TestMiner = ReturnType<typeof testMiner>;

/** A miner that signs its requests. */
export function testMiner(api: { url: string; clock?: Clock }, name = 'miner one') {
  const key = readSigningKey(newSigningKeyPem());
  const clock = api.clock ?? systemClock;

  function sign(method: string, target: string, body: string, options: SignOptions = {}): Record<string, string> {
    const [path = '', query] = target.split('?');
    const signable = { method, path, query: query === undefined ? '' : `?${query}`, body: Buffer.from(body) };
    return signRequest(signable, {
      key,
      createdSeconds: options.createdSeconds ?? Math.floor(clock.nowMs() / 1000),
      nonce: options.nonce ?? randomBytes(18).toString('base64url'),
    });
  }

  async function send(method: string, target: string, json?: unknown, init: RequestInit = {}): Promise<Sent> {
    const body = json === undefined ? '' : JSON.stringify(json);
    const headers = { ...sign(method, target, body), ...(body ? { 'content-type': 'application/json' } : {}) };
    const response = await fetch(api.url + target, { method, headers, ...(body ? { body } : {}), ...init });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : {}, headers: response.headers };
  }

  const post = (target: string, json: unknown, init?: RequestInit): Promise<Sent> => send('POST', target, json, init);
  const registration = (capabilities: Capabilities = someCapabilities()) => ({
    public_key: key.publicKey,
    name,
    capabilities,
  });
  return {
    key,
    sign,
    send,
    post,
    get: (target: string) => send('GET', target),
    registration,
    register: () => post('/v1/miner/register', registration()),
    lease: (waitSeconds: number, init?: RequestInit, capabilities: Capabilities = someCapabilities()) =>
      post('/v1/miner/leases', { capabilities, wait_seconds: waitSeconds }, init),
  };
}
