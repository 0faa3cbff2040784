import { hubSettings } from '@agon/base-models';
import { PublicKey } from '@agon/contracts';
import { sealSettings, sharedSettings, webhookSettings } from '@agon/kit';
import { artifactSettings } from '@agon/store';
import { z } from 'zod';

const portMax = 65_535;

/** The environment of the api. */
export const ApiEnvironment = z.object({
  ...sharedSettings,
  ...artifactSettings,
  ...hubSettings,
  ...sealSettings,
  ...webhookSettings,
  HOST: z.string().default('127.0.0.1').describe('address to listen on'),
  PORT: z.coerce.number().int().min(0).max(portMax).default(8080).describe('port to listen on; 0 takes a free one'),
  PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional()
    .describe('where clients reach the service'),
  BOOTSTRAP_ADMIN_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{16,256}$/, 'has 16 to 256 printable characters without spaces')
    .optional()
    .describe('an API key with every scope that is made known at the start'),
  SIGNING_PUBLIC_KEY: PublicKey.optional().describe('the key that receipts are signed with'),
  REQUESTS_PER_MINUTE: z.coerce.number().int().min(1).optional().describe('requests a minute of one key or miner'),
  CHAT_MEMORY_MIB: z.coerce
    .number()
    .int()
    .min(256)
    .optional()
    .describe('memory for models that answer; half of the machine where it is left out'),
  CHAT_THREADS: z.coerce.number().int().min(1).max(64).optional().describe('threads of one model; the cores at most 8'),
  DRAIN_SECONDS: z.coerce
    .number()
    .min(0)
    .max(300)
    .default(0)
    .describe('how long to go on answering, but not be ready, when told to end: until balancers have noticed'),
  TRUSTED_PROXIES: z.coerce.number().int().min(0).max(8).default(0).describe('proxies in front of the service'),
  DIRECT_DOWNLOADS: z
    .stringbool()
    .default(true)
    .describe('send miners to the artifact store for what they download, where it is on S3'),
  AGON_PARENT: z.stringbool().default(false).describe('shut down when stdin closes'),
});
export type ApiEnvironment = z.infer<typeof ApiEnvironment>;
