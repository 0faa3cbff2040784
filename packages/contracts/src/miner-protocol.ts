import { z } from 'zod';
import { TableSchema } from './dataset.ts';
import { JobId, MinerId, RunId, Sha256, SubmissionId, UnixSeconds, UploadId } from './ids.ts';
import { limits } from './limits.ts';
import { Objective } from './metric.ts';
import { ImageDigest, Progress, RunUsage } from './run.ts';
import { FailureClass } from './run-status.ts';
import { SubmissionPath } from './submission-path.ts';
import { SubmissionFormat, TaskName } from './task.ts';
import { TextLimits } from './text.ts';
import { TrainerLimits } from './trainer.ts';

export const Gpu = z
  .object({ uuid: z.string().max(128), name: z.string().max(128), vram_mib: z.int().min(0) })
  .meta({ id: 'Gpu' });
export type Gpu = z.infer<typeof Gpu>;

/** How a miner starts trainers: as plain processes, or in containers that keep a stranger's program in. */
export const RunnerKind = z.enum(['process', 'docker']).meta({ id: 'RunnerKind' });
export type RunnerKind = z.infer<typeof RunnerKind>;

/** What `agon mine doctor` found when it trained a tiny model. */
export const SelfTest = z
  .strictObject({
    ok: z.boolean(),
    tested_at: UnixSeconds,
    runner: RunnerKind,
    template: z.string().max(64),
    seconds: z.number().min(0),
    message: z.string().max(500),
  })
  .meta({ id: 'SelfTest' });
export type SelfTest = z.infer<typeof SelfTest>;

export const Capabilities = z
  .strictObject({
    gpus: z.array(Gpu).max(64),
    vram_mib: z.int().min(0),
    memory_mib: z.int().min(1),
    cpus: z.number().min(0.1).max(4_096),
    disk_mib: z.int().min(0),
    tasks: z.array(TaskName).min(1),
    /** Names of the recipes that the miner may run. */
    templates: z.array(z.string().max(64)).max(64),
    runner: RunnerKind.optional(),
    self_test: SelfTest.optional(),
  })
  .meta({ id: 'Capabilities' });
export type Capabilities = z.infer<typeof Capabilities>;

export const MinerName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,47}$/, 'has 1 to 48 letters, digits, spaces, dots, dashes and underscores');

/** Ed25519 public key, 32 bytes in base64url without padding. */
export const PublicKey = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be 32 bytes in base64url without padding');

export const RegisterMiner = z
  .strictObject({ public_key: PublicKey, name: MinerName, capabilities: Capabilities })
  .meta({ id: 'RegisterMiner' });
export type RegisterMiner = z.infer<typeof RegisterMiner>;

export const RegisteredMiner = z
  .object({ id: MinerId, object: z.literal('miner.registration'), name: z.string(), created_at: UnixSeconds })
  .meta({ id: 'RegisteredMiner' });
export type RegisteredMiner = z.infer<typeof RegisteredMiner>;

export const LeaseRequest = z
  .strictObject({
    capabilities: Capabilities,
    /** What is left of them while the miner works on other runs; all of them where it is missing. */
    free: z.strictObject({ memory_mib: z.int().min(0), vram_mib: z.int().min(0) }).optional(),
    /** The runs that the miner works on. Where it says so, a lease whose answer was lost is given again. */
    holding: z.array(RunId).max(256).optional(),
    /** Only a seat of this job. */
    job: JobId.optional(),
    /** How long the service may hold the request while no work fits. */
    wait_seconds: z
      .number()
      .min(0)
      .max(limits.leaseWaitMsMax / 1000)
      .default(limits.leaseWaitMsMax / 1000),
  })
  .meta({ id: 'LeaseRequest' });
export type LeaseRequest = z.infer<typeof LeaseRequest>;

/** The right to work on a run until the deadline. Never in it: hidden rows, the client, other miners. */
export const Lease = z
  .object({
    object: z.literal('miner.lease'),
    run: RunId,
    fence: z.int(),
    job: z.object({
      id: JobId,
      task: TaskName,
      objective: Objective,
      table: TableSchema.nullable(),
      text: TextLimits.nullable(),
      /** Its files are downloaded once and kept by hash. */
      base_model: z
        .object({
          name: z.string(),
          revision: z.string(),
          files: z.array(z.object({ path: SubmissionPath, url: z.string(), sha256: Sha256, bytes: z.int() })),
        })
        .nullable(),
      seed: z.int(),
      limits: TrainerLimits.omit({ cpus: true }),
    }),
    data: z.array(
      z.object({
        name: z.string(),
        url: z.string(),
        sha256: Sha256,
        bytes: z.int(),
        rows: z.int(),
        format: z.enum(['csv', 'jsonl']),
      }),
    ),
    deadline: z.number(),
    heartbeat_seconds: z.number(),
    grace_seconds: z.number(),
  })
  .meta({ id: 'Lease' });
export type Lease = z.infer<typeof Lease>;

export const Heartbeat = z
  .strictObject({
    fence: z.int(),
    template: z.string().max(64).optional(),
    image: ImageDigest.optional(),
    progress: Progress.optional(),
    usage: RunUsage.optional(),
    log_tail: z.string().max(limits.logTailBytesMax).optional(),
  })
  .meta({ id: 'Heartbeat' });
export type Heartbeat = z.infer<typeof Heartbeat>;

export const HeartbeatAnswer = z
  .object({ command: z.enum(['continue', 'finish', 'stop']), reason: z.string().nullable(), deadline: z.number() })
  .meta({ id: 'HeartbeatAnswer' });
export type HeartbeatAnswer = z.infer<typeof HeartbeatAnswer>;

export const SubmissionFile = z
  .strictObject({ path: SubmissionPath, bytes: z.int().min(1), sha256: Sha256 })
  .meta({ id: 'SubmissionFile' });
export type SubmissionFile = z.infer<typeof SubmissionFile>;

/** Commits the hashes; this instant is the submission's time. */
export const CommitSubmission = z
  .strictObject({
    fence: z.int(),
    template: z.string().max(64).optional(),
    image: ImageDigest.optional(),
    format: SubmissionFormat,
    files: z.array(SubmissionFile).min(1).max(limits.submissionFilesMax),
  })
  .meta({ id: 'CommitSubmission' });
export type CommitSubmission = z.infer<typeof CommitSubmission>;

export const CommittedSubmission = z
  .object({
    object: z.literal('miner.submission'),
    id: SubmissionId,
    run: RunId,
    committed_at: UnixSeconds,
    uploads: z.array(
      z.object({ id: UploadId, path: SubmissionPath, url: z.string(), offset: z.int(), bytes: z.int() }),
    ),
  })
  .meta({ id: 'CommittedSubmission' });
export type CommittedSubmission = z.infer<typeof CommittedSubmission>;

export const FinishRun = z.strictObject({ fence: z.int() }).meta({ id: 'FinishRun' });
export type FinishRun = z.infer<typeof FinishRun>;

export const FailRun = z
  .strictObject({
    fence: z.int(),
    class: FailureClass,
    message: z.string().max(limits.messageCharactersMax),
    log_tail: z.string().max(limits.logTailBytesMax).default(''),
  })
  .meta({ id: 'FailRun' });
export type FailRun = z.infer<typeof FailRun>;

/** A miner's public record. */
export const Miner = z
  .object({
    id: MinerId,
    object: z.literal('miner'),
    name: z.string(),
    public_key: PublicKey,
    created_at: UnixSeconds,
    last_seen_at: UnixSeconds,
    online: z.boolean(),
    tasks: z.array(TaskName),
    templates: z.array(z.string()),
    gpus: z.array(z.object({ name: z.string(), vram_mib: z.int() })),
    runner: RunnerKind.nullable(),
    self_test: SelfTest.nullable(),
    runs: z.object({
      total: z.int(),
      scored: z.int(),
      rejected: z.int(),
      failed: z.int(),
      expired: z.int(),
      won: z.int(),
    }),
  })
  .meta({ id: 'Miner' });
export type Miner = z.infer<typeof Miner>;
