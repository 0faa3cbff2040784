import { hubSettings } from '@agon/base-models';
import { healthSettings, readConfig, sealSettings, sharedSettings, webhookSettings } from '@agon/kit';
import { artifactSettings } from '@agon/store';
import { z } from 'zod';

export const SchedulerSettings = z.object({
  ...sharedSettings,
  ...artifactSettings,
  ...hubSettings,
  ...sealSettings,
  ...webhookSettings,
  PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional()
    .describe('where clients reach the service, for model cards'),
  SIGNING_KEY_FILE: z.string().describe('Ed25519 private key in PEM that signs receipts; made where it is missing'),
  ...healthSettings,
  AGON_PARENT: z.literal('1').optional().describe('end when stdin closes, because the parent is gone'),
});
export type SchedulerSettings = z.infer<typeof SchedulerSettings>;

/** @throws ConfigError that names every fault. */
export const readSettings = (env: Readonly<Record<string, string | undefined>>): SchedulerSettings =>
  readConfig(SchedulerSettings, env);
