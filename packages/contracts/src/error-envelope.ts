import { z } from 'zod';

/** One fault of a dataset. Rows count from 1, the header is not a row. */
export const DatasetProblem = z
  .object({
    code: z.string(),
    row: z.int().nullable(),
    column: z.string().nullable(),
    message: z.string(),
    /** How many times the same problem was met in all. */
    count: z.int().min(1),
  })
  .meta({ id: 'DatasetProblem' });
export type DatasetProblem = z.infer<typeof DatasetProblem>;

/** OpenAI's error envelope; `problems` is ours, for datasets. */
export const ErrorEnvelope = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string(),
      help: z.string().optional(),
      problems: z.array(DatasetProblem).optional(),
    }),
  })
  .meta({ id: 'ErrorEnvelope' });
export type ErrorEnvelope = z.infer<typeof ErrorEnvelope>;
