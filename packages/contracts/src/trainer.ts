import { z } from 'zod';
import { TableSchema } from './dataset.ts';
import { limits } from './limits.ts';
import { Objective } from './metric.ts';
import { Progress } from './run.ts';
import { SubmissionPath } from './submission-path.ts';
import { SubmissionFormat, TaskName } from './task.ts';
import { TextLimits } from './text.ts';

/** `templates/<name>/template.json`. */
export const TemplateManifest = z
  .object({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'has small letters, digits and dashes'),
    version: z.string().regex(/^\d+\.\d+\.\d+$/, 'is three numbers with dots'),
    summary: z.string().max(300),
    tasks: z.array(TaskName).min(1),
    command: z.array(z.string().min(1)).min(1),
    /**
     * The container image that holds the program: a tag, `name@sha256:…`, or an archive `….tar`. Without it the folder is
     * put into the miner's own image.
     */
    image: z.string().min(1).max(300).optional(),
    /** Whether it cannot work without a base model. */
    base_model: z.boolean().default(false),
    needs: z.object({ cpus: z.number().min(0.1), memory_mib: z.int().min(1), vram_mib: z.int().min(0) }),
  })
  .meta({ id: 'TemplateManifest' });
export type TemplateManifest = z.infer<typeof TemplateManifest>;

export const TrainerLimits = z.object({
  cpus: z.number().min(0.1),
  memory_mib: z.int().min(1),
  submission_bytes: z.int().min(1),
});
export type TrainerLimits = z.infer<typeof TrainerLimits>;

/** `job.json` in a trainer's job folder. `docs/trainer-contract.md` is its prose. */
export const TrainerJob = z
  .object({
    contract: z.literal(1),
    run: z.string(),
    job: z.string(),
    task: TaskName,
    objective: Objective,
    seed: z.int(),
    deadline_unix: z.number(),
    limits: TrainerLimits,
    data: z.object({ path: z.string(), format: z.enum(['csv', 'jsonl']), rows: z.int() }),
    table: TableSchema.nullable(),
    /** For text tasks. */
    text: TextLimits.nullable().default(null),
    base_model: z.object({ path: z.string(), name: z.string(), revision: z.string() }).nullable(),
  })
  .meta({ id: 'TrainerJob' });
export type TrainerJob = z.infer<typeof TrainerJob>;

/** `out/submission.json`. */
export const TrainerSubmission = z
  .object({ format: SubmissionFormat, files: z.array(SubmissionPath).min(1).max(limits.submissionFilesMax) })
  .meta({ id: 'TrainerSubmission' });
export type TrainerSubmission = z.infer<typeof TrainerSubmission>;

/** A line of a trainer's stdout that is progress. */
export const ProgressLine = Progress;
