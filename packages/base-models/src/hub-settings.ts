import { HUB_URL } from '@huggingface/hub';
import { z } from 'zod';
import { type Hub, openHub } from './hub/hub.ts';

/** Settings of services that ask a hub for base models. */
export const hubSettings = {
  HF_ENDPOINT: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('hub that base models are fetched from and winners pushed to, in the protocol of Hugging Face'),
  HF_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'has printable characters without spaces')
    .optional()
    .describe('token for the hub: to read models that need one, and to push winners of jobs that give none'),
  BASE_MODELS_FROM_HUB: z
    .stringbool()
    .default(false)
    .describe('ask the public Hugging Face hub for base models where HF_ENDPOINT is not set'),
  HUB_PUSHES: z
    .stringbool()
    .default(true)
    .describe(
      'let jobs ask that their winner is pushed to HF_ENDPOINT, or to the public Hugging Face hub where it is not set',
    ),
} as const;

/** The hub that winners may be pushed to; null where the operator allows none. Clients never name an address. */
export const pushHubOf = (settings: { HF_ENDPOINT?: string | undefined; HUB_PUSHES: boolean }): string | null =>
  settings.HUB_PUSHES ? (settings.HF_ENDPOINT ?? HUB_URL).replace(/\/+$/, '') : null;

/** The hub that the settings name; null where there is none. */
export function hubOfSettings(settings: {
  HF_ENDPOINT?: string | undefined;
  HF_TOKEN?: string | undefined;
  BASE_MODELS_FROM_HUB: boolean;
}): Hub | null {
  const url = settings.HF_ENDPOINT ?? (settings.BASE_MODELS_FROM_HUB ? HUB_URL : undefined);
  return url === undefined ? null : openHub({ url, token: settings.HF_TOKEN });
}
