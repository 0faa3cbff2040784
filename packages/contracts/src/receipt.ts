import { z } from 'zod';
import { DatasetFormat, TableSchema } from './dataset.ts';
import { JobId, MinerId, RunId, Sha256, UnixSeconds } from './ids.ts';
import { Gain, Score } from './job.ts';
import { Objective } from './metric.ts';
import { PublicKey } from './miner-protocol.ts';
import { ModelFile } from './model.ts';
import { RunFailure } from './run.ts';
import { RunStatus } from './run-status.ts';
import { TaskName } from './task.ts';
import { TextColumns, TextLimits } from './text.ts';

export const ReceiptEntry = z.object({
  run: RunId,
  seat: z.int(),
  fence: z.int(),
  miner: z.object({ id: MinerId, name: z.string(), public_key: PublicKey }),
  template: z.string().nullable(),
  /** The container image that trained; missing where a plain process did. */
  image: z.string().optional(),
  status: RunStatus,
  committed_at: z.string().nullable(),
  files: z.array(ModelFile),
  score: Score.nullable(),
  to_winner: Gain.nullable(),
  p_best: z.number().nullable(),
  beats_baseline: z.boolean().nullable(),
  copy_of: RunId.nullable(),
  error: RunFailure.nullable(),
});
export type ReceiptEntry = z.infer<typeof ReceiptEntry>;

/** What is signed: everything that says how the winner was chosen. */
export const ReceiptBody = z
  .object({
    version: z.literal(1),
    job: z.object({
      id: JobId,
      task: TaskName,
      objective: Objective,
      seed: z.int(),
      created_at: UnixSeconds,
      opened_at: UnixSeconds,
      judged_at: UnixSeconds,
    }),
    dataset: z.object({
      sha256: Sha256,
      bytes: z.int(),
      format: DatasetFormat,
      ignore_columns: z.array(z.string()),
      /** Of text tasks: what the client called which column. */
      columns: TextColumns.optional(),
      parts: z.object({ train: z.int(), selection: z.int(), report: z.int() }),
    }),
    table: TableSchema.nullable(),
    /** Of text tasks: what every submission started from and was scored with. */
    base_model: z.object({ name: z.string(), revision: z.string(), files: z.array(ModelFile) }).optional(),
    text: TextLimits.optional(),
    split: z.object({ algorithm: z.literal('agon-split-1'), secret: Sha256, commitment: Sha256 }),
    baseline: z.object({ selection: z.number(), report: z.number() }),
    entries: z.array(ReceiptEntry),
    winner: z.object({ run: RunId, selection: Score, report: Score, gain: Gain }),
    method: z.object({ rule: z.literal('best-mean-earliest-commit'), resamples: z.int(), seed: z.int() }),
    versions: z.record(z.string(), z.string()),
    issued_at: UnixSeconds,
  })
  .meta({ id: 'ReceiptBody' });
export type ReceiptBody = z.infer<typeof ReceiptBody>;

/** The body with an Ed25519 signature over its canonical JSON (RFC 8785). */
export const Receipt = z
  .object({
    body: ReceiptBody,
    signature: z.object({ algorithm: z.literal('ed25519'), public_key: PublicKey, value: z.string() }),
  })
  .meta({ id: 'Receipt' });
export type Receipt = z.infer<typeof Receipt>;
