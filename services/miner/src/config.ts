import { RunnerKind } from '@agon/contracts';
import { healthSettings } from '@agon/kit';
import { z } from 'zod';
import { defaultTrainerImage } from './runner/make-runner.ts';

/** The environment of `services/miner` as a service of its own; `agon mine start` takes flags instead. */
export const minerSettings = z.object({
  AGON_URL: z.url().describe('address of the service'),
  AGON_MINER_DIR: z.string().describe('folder of this miner: its key, runs and logs'),
  AGON_MINER_NAME: z.string().describe('name shown in races'),
  AGON_TEMPLATES_DIR: z.string().describe('folder of the recipes'),
  AGON_TEMPLATES: z
    .string()
    .transform((text) => text.split(',').map((name) => name.trim()))
    .describe('recipes to run, with commas: names, folders, or git addresses with @COMMIT'),
  AGON_TRUST_FOREIGN_CODE: z
    .stringbool()
    .default(false)
    .describe('run programs that were fetched by git as plain processes'),
  AGON_PYTHON: z.string().default('python3').describe('Python that has the requirements of the recipes'),
  AGON_RUNNER: RunnerKind.default('process').describe('how trainers run: process, or docker'),
  AGON_IMAGE: z
    .string()
    .default(defaultTrainerImage)
    .describe('image of containers whose template names none: a tag, name@sha256:…, or an archive ….tar'),
  AGON_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(64)
    .optional()
    .describe('runs at the same time; by the size of the machine where it is not set'),
  AGON_CPUS: z.coerce.number().min(0.1).optional().describe('CPUs to offer; all where it is not set'),
  AGON_MEMORY_MIB: z.coerce.number().int().min(64).optional().describe('memory to offer'),
  AGON_GPUS: z.string().default('all').describe('GPUs to offer: all, none, or uuids with commas'),
  AGON_SHARE_GPUS: z.stringbool().default(false).describe('let several runs have the same GPU'),
  AGON_BASE_MODELS_GIB: z.coerce.number().min(0).default(40).describe('disk for base models kept between runs'),
  ...healthSettings,
  AGON_PARENT: z.stringbool().default(false).describe('end when stdin closes, because the parent is gone'),
  LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('least level that is logged'),
});
