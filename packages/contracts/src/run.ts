import { z } from 'zod';
import { JobId, MinerId, RunId, UnixSeconds } from './ids.ts';
import { Score } from './job.ts';
import { limits } from './limits.ts';
import { FailureClass, RunStatus } from './run-status.ts';

/** A metric of a trainer becomes a key in a database. */
const MetricName = z
  .string()
  .max(64)
  .regex(/^[^\p{Cc}$][^\p{Cc}]*$/u, 'has no control characters and does not begin with $');

/** The container image that a run is pinned to: `name@sha256:…`, or the id of an image that no registry has. */
export const ImageDigest = z
  .string()
  .max(300)
  .regex(/^([a-z0-9][\w./:-]*@)?sha256:[0-9a-f]{64}$/, 'is name@sha256:… or sha256:…')
  .meta({ id: 'ImageDigest' });

/** What a run takes of its machine, as the miner measures it. */
export const RunUsage = z
  .strictObject({
    memory_mib: z.number().min(0),
    /** Cores in use on average since the last look; null at the first. */
    cpus: z.number().min(0).nullable(),
    gpus: z
      .array(
        z.strictObject({
          uuid: z.string().max(128),
          utilization: z.number().min(0).max(1),
          memory_mib: z.number().min(0),
        }),
      )
      .max(64),
  })
  .meta({ id: 'RunUsage' });
export type RunUsage = z.infer<typeof RunUsage>;

/** What a trainer says of itself while it works. */
export const Progress = z
  .object({
    step: z.number().min(0),
    steps: z.number().min(0).optional(),
    loss: z.number().optional(),
    metrics: z.record(MetricName, z.number()).optional(),
    message: z.string().max(limits.messageCharactersMax).optional(),
  })
  .meta({ id: 'Progress' });
export type Progress = z.infer<typeof Progress>;

/** Why a run ended without a score. */
export const RunFailure = z
  .object({ code: z.string(), class: FailureClass.nullable(), message: z.string() })
  .meta({ id: 'RunFailure' });
export type RunFailure = z.infer<typeof RunFailure>;

/** A run as the client of the job reads it. */
export const Run = z
  .object({
    id: RunId,
    object: z.literal('job.run'),
    job: JobId,
    seat: z.int(),
    miner: z.object({ id: MinerId, name: z.string() }),
    template: z.string().nullable(),
    /** Null for a plain process. */
    image: z.string().nullable(),
    status: RunStatus,
    created_at: UnixSeconds,
    finished_at: UnixSeconds.nullable(),
    last_heartbeat_at: UnixSeconds.nullable(),
    progress: Progress.nullable(),
    usage: RunUsage.nullable(),
    /** `[seconds since the lease, loss]`, thinned to a bounded number of points. */
    curve: z.array(z.tuple([z.number(), z.number()])),
    committed_at: UnixSeconds.nullable(),
    score: Score.nullable(),
    error: RunFailure.nullable(),
  })
  .meta({ id: 'Run' });
export type Run = z.infer<typeof Run>;

/** A run as its miner reads it: no score before the job is judged, the log tail and the reason of a rejection always. */
export const MinerRun = Run.omit({ miner: true })
  .extend({
    object: z.literal('miner.run'),
    fence: z.int(),
    won: z.boolean().nullable(),
    rank: z.int().nullable(),
    log_tail: z.string(),
  })
  .meta({ id: 'MinerRun' });
export type MinerRun = z.infer<typeof MinerRun>;

/** One line of the race. */
export const LeaderboardEntry = z
  .object({
    rank: z.int().nullable(),
    run: RunId,
    miner: z.object({ id: MinerId, name: z.string() }),
    template: z.string().nullable(),
    status: RunStatus,
    score: Score.nullable(),
    /** Gain over the winner (so at most about 0), by paired bootstrap; null for the winner and before judging. */
    to_winner: z.object({ value: z.number(), ci95: z.tuple([z.number(), z.number()]) }).nullable(),
    /** Probability of being the best of all entries; null before judging. */
    p_best: z.number().nullable(),
    beats_baseline: z.boolean().nullable(),
    /** The earlier run whose predictions this one repeats. */
    copy_of: RunId.nullable(),
    won: z.boolean(),
    committed_at: UnixSeconds.nullable(),
    error: RunFailure.nullable(),
  })
  .meta({ id: 'LeaderboardEntry' });
export type LeaderboardEntry = z.infer<typeof LeaderboardEntry>;

export const Leaderboard = z
  .object({
    object: z.literal('job.leaderboard'),
    job: JobId,
    metric: z.string(),
    direction: z.string(),
    baseline: z.number().nullable(),
    final: z.boolean(),
    data: z.array(LeaderboardEntry),
  })
  .meta({ id: 'Leaderboard' });
export type Leaderboard = z.infer<typeof Leaderboard>;
