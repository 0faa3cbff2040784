import { randomUUID } from 'node:crypto';

/** Where `servers.setup.ts` tells the tests which servers they have. */
export const serverVariables = { mongodb: 'MEDIUM_MONGODB_URL', redis: 'MEDIUM_REDIS_URL' } as const;

function addressOf(variable: string): string {
  const address = process.env[variable];
  if (!address) throw new Error(`${variable} is not set: run this test as one of the project "medium".`);
  return address;
}

const unique = (): string => randomUUID().replaceAll('-', '').slice(0, 12);

/** The address of a database of its own, so that test files may run beside each other. */
export function testMongodbUrl(): string {
  const url = new URL(addressOf(serverVariables.mongodb));
  url.pathname = `/agon_test_${unique()}`;
  return url.href;
}

/** The Redis of the tests, with a prefix of its own. */
export function testRedis(): { redisUrl: string; prefix: string } {
  return { redisUrl: addressOf(serverVariables.redis), prefix: `agon-test-${unique()}` };
}
