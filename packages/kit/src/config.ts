import { readFileSync } from 'node:fs';
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
 * Reads configuration from an environment. An empty value counts as not set. A value may be in a file instead, as
 * orchestrators hand secrets over: where the schema knows NAME, NAME_FILE is a file that holds it; an empty file is not set.
 *
 * @throws ConfigError that names every fault.
 */
export function readConfig<T extends z.ZodObject>(
  schema: T,
  env: Environment,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): z.infer<T> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const { values, faults } = valuesInFiles(Object.keys(schema.shape), given, readFile);
  const parsed = schema.safeParse({ ...given, ...values });
  if (faults.length > 0) throw new ConfigError(faults.join('\n'));
  if (parsed.success) return parsed.data;
  throw new ConfigError(z.prettifyError(parsed.error));
}

/** What `NAME_FILE` of the environment hold, for each name that is not itself written `…_FILE` in the schema. */
function valuesInFiles(
  names: readonly string[],
  given: Environment,
  readFile: (path: string) => string,
): { values: Record<string, string>; faults: string[] } {
  const values: Record<string, string> = {};
  const faults: string[] = [];
  for (const name of names) {
    const path = given[`${name}_FILE`];
    if (path === undefined || names.includes(`${name}_FILE`)) continue;
    if (given[name] !== undefined) faults.push(`✖ ${name} and ${name}_FILE are both set; keep one of them.`);
    try {
      const text = readFile(path).trim();
      if (text !== '') values[name] = text;
    } catch (error) {
      faults.push(`✖ ${name}_FILE cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { values, faults };
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

/** Settings of services that are watched from outside, by a container's health check or a cluster's probes. */
export const healthSettings = {
  HEALTH_PORT: z.coerce
    .number()
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe('port on every address for /healthz and /readyz; none where it is left out'),
} as const;
