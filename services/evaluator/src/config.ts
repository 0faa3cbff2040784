import { healthSettings, readConfig, sharedSettings } from '@agon/kit';
import { executionProviders } from '@agon/language';
import { artifactSettings } from '@agon/store';
import { z } from 'zod';

export const EvaluatorSettings = z.object({
  ...sharedSettings,
  ...artifactSettings,
  SCORING_THREADS: z.coerce
    .number()
    .int()
    .min(1)
    .max(64)
    .optional()
    .describe('threads that one model may use; the cores of the machine, at most 8, where it is left out'),
  SCORING_SECONDS: z.coerce
    .number()
    .min(1)
    .max(3_600)
    .default(60)
    .describe('how long one inference of a submission may take'),
  EXECUTION_PROVIDER: z
    .enum(executionProviders)
    .default('cpu')
    .describe('what language models are scored on; cuda in the image that has its libraries'),
  ...healthSettings,
  AGON_PARENT: z.literal('1').optional().describe('end when stdin closes, because the parent is gone'),
});
export type EvaluatorSettings = z.infer<typeof EvaluatorSettings>;

/** @throws ConfigError that names every fault. */
export const readSettings = (env: Readonly<Record<string, string | undefined>>): EvaluatorSettings =>
  readConfig(EvaluatorSettings, env);
