import { sharedSettings } from '@agon/kit';
import { z } from 'zod';

export const EvaluatorSettings = z.object({
  ...sharedSettings,
  SCORING_THREADS: z.coerce.number().int().min(1).max(256).default(1).describe('threads of one scoring process'),
  AGON_PARENT: z.literal('1').optional().describe('end when stdin closes, because the parent is gone'),
});
export type EvaluatorSettings = z.infer<typeof EvaluatorSettings>;
