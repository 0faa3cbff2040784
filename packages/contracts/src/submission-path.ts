import { z } from 'zod';
import { limits } from './limits.ts';

/** A path inside a submission: forward slashes, plain names, nothing that leaves the folder. */
export const SubmissionPath = z
  .string()
  .min(1)
  .max(limits.submissionPathCharactersMax)
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/,
    'is a relative path of plain names, without `..`',
  )
  .meta({ id: 'SubmissionPath' });
