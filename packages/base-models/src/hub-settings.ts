import { z } from 'zod';
import { type Hub, openHub } from './hub/hub.ts';

const publicHub = 'https://huggingface.co';

/** Settings of services that ask a hub for base models. */
export const hubSettings = {
  HF_ENDPOINT: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('hub that base models are fetched from, in the protocol of Hugging Face'),
  HF_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'has printable characters without spaces')
    .optional()
    .describe('token for the hub, where a model needs one'),
  BASE_MODELS_FROM_HUB: z
    .stringbool()
    .default(false)
    .describe(`ask ${publicHub} for base models where HF_ENDPOINT is not set`),
} as const;

/** The hub that the settings name; null where there is none. */
export function hubOfSettings(settings: {
  HF_ENDPOINT?: string | undefined;
  HF_TOKEN?: string | undefined;
  BASE_MODELS_FROM_HUB: boolean;
}): Hub | null {
  const url = settings.HF_ENDPOINT ?? (settings.BASE_MODELS_FROM_HUB ? publicHub : undefined);
  return url === undefined ? null : openHub({ url, token: settings.HF_TOKEN });
}
