import type { Client } from '@agon/client';

export type PhaseSeconds = { total: number; train: number; score: number; overhead: number };

const round = (ms: number): number => Math.round(ms / 10) / 100;

/**
 * Follows a job's events and times its phases as a client sees them: from the first lease to the last model that came
 * in (train), from there to the last verdict (score), and the rest (overhead).
 */
export async function measurePhases(client: Client, jobId: string, startedMs: number): Promise<PhaseSeconds> {
  const firstMs = new Map<string, number>();
  const lastMs = new Map<string, number>();
  for await (const item of client.jobs.stream(jobId)) {
    if (item.kind !== 'event') continue;
    const nowMs = Date.now();
    if (!firstMs.has(item.event.type)) firstMs.set(item.event.type, nowMs);
    lastMs.set(item.event.type, nowMs);
  }
  const totalMs = Date.now() - startedMs;
  const leasedMs = firstMs.get('run.leased') ?? startedMs;
  const uploadedMs = lastMs.get('run.uploaded') ?? leasedMs;
  const trainMs = uploadedMs - leasedMs;
  const scoreMs = Math.max(0, (lastMs.get('run.scored') ?? uploadedMs) - uploadedMs);
  return {
    total: round(totalMs),
    train: round(trainMs),
    score: round(scoreMs),
    overhead: round(totalMs - trainMs - scoreMs),
  };
}
