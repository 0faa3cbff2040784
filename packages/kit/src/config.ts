import { z } from 'zod';

export type Environment = Readonly<Record<string, string | undefined>>;

/** All faults of an environment at once, one line each. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(`The configuration is not usable:\n${message}`);
    this.name = 'ConfigError';
  }
}

/**
 * Reads configuration from an environment. An empty value counts as not set.
 *
 * @throws ConfigError that names every fault.
 */
export function readConfig<T extends z.ZodType>(schema: T, env: Environment): z.infer<T> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new ConfigError(z.prettifyError(parsed.error));
}

/** Of the services that know of webhooks. */
export const webhookSettings = {
  WEBHOOK_PRIVATE_ADDRESSES: z.stringbool().default(false).describe('let webhooks name private and loopback addresses'),
} as const;

/** Settings that every service has. */
export const sharedSettings = {
  MONGODB_URL: z.url({ protocol: /^mongodb(\+srv)?$/ }).describe('MongoDB, with the database in the path'),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).describe('Redis or Valkey for the queues'),
  LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('least level that is logged'),
} as const;
