import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, systemClock } from '@agon/kit';
import { loadTemplate, makeRunner, type Runner, runTrial, type TrialInput } from '@agon/miner';
import { minerMemory } from './miner-memory.ts';
import { type Bench, type BenchResult, quantile, resultOf } from './result.ts';

const rounds = 5;
const longRunSeconds = 600;
const floodMb = 60;
const floodMbPerSecondMin = 17;
const trialSeconds = 120;
const scripts = {
  training: 'i=0; while [ $i -lt 10 ]; do i=$((i + 1)); echo "{\\"step\\": $i}"; sleep 0.2; done',
  flood: `head -c ${floodMb}000000 /dev/zero | tr "\\0" "x" | fold -w 120`,
};

const job: TrialInput['job'] = {
  contract: 1,
  run: 'bench',
  job: 'bench',
  task: 'tabular-classification',
  objective: { metric: 'log_loss', direction: 'minimize', goal: null },
  seed: 1,
  limits: { cpus: 1, memory_mib: 512, submission_bytes: 2 ** 20 },
  data: { path: 'data/train.csv', format: 'csv', rows: 1 },
  table: { target: 'y', classes: ['no', 'yes'], columns: [] },
  text: null,
  base_model: null,
};

/**
 * What a container costs beside a plain process that does the same, how fast its output flows, and what a miner's own
 * process takes with four runs. Needs a Docker daemon (DOCKER_HOST) with the image that `agon mine image` builds.
 */
export const container: Bench = async (say) => {
  const folder = await mkdtemp(join(tmpdir(), 'agon-bench-'));
  try {
    const runners = { docker: await runnerOf('docker', folder), process: await runnerOf('process', folder) };
    await runners.docker.ready();
    say(`${rounds} trainings of 2 s in containers and as processes …`);
    const overhead = await measureOverhead(runners, folder);
    say(`${floodMb} MB of log …`);
    const output = await measureOutput(runners, folder);
    await runners.docker.sweep(new Set());
    return [overhead, output, await minerMemory(say)];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

type Runners = { readonly docker: Runner; readonly process: Runner };

const runnerOf = (kind: 'docker' | 'process', folder: string): Promise<Runner> =>
  makeRunner({
    kind,
    python: 'python3',
    templatesFolder: folder,
    environment: process.env,
    folder,
    clock: systemClock,
    log: silentLog,
  });

/** Seconds from start to end, and the bytes of its log. */
async function timed(runner: Runner, folder: string, script: string): Promise<{ seconds: number; bytes: number }> {
  const home = await mkdtemp(join(folder, 'trial-'));
  const template = await writeTemplate(home, script);
  const startedMs = performance.now();
  const end = await runTrial({
    ...{ runner, template, clock: systemClock, folder: home, name: `bench-${home.slice(-6)}`, job },
    ...{ data: Buffer.from('y\nno\n'), baseModel: null, seconds: trialSeconds, graceMs: 5_000 },
    signal: new AbortController().signal,
  });
  const seconds = (performance.now() - startedMs) / 1000;
  if (end.exit.code !== 0) throw new Error(`The script ended with code ${end.exit.code}: ${end.log}`);
  const { size } = await stat(join(home, 'runs', `bench-${home.slice(-6)}`, 'trainer.log'));
  return { seconds, bytes: size };
}

async function writeTemplate(home: string, script: string) {
  const folder = join(home, 'template');
  await mkdir(folder);
  const manifest = {
    ...{ name: 'bench', version: '1.0.0', summary: 'Of a benchmark.', tasks: ['tabular-classification'] },
    command: ['/bin/sh', '-c', script],
    needs: { cpus: 1, memory_mib: 64, vram_mib: 0 },
  };
  await writeFile(join(folder, 'template.json'), JSON.stringify(manifest));
  return loadTemplate({ templatesFolder: home, cacheFolder: home, environment: process.env }, folder);
}

async function measureOverhead(runners: Runners, folder: string): Promise<BenchResult> {
  const seconds = { docker: [] as number[], process: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    seconds.process.push((await timed(runners.process, folder, scripts.training)).seconds);
    seconds.docker.push((await timed(runners.docker, folder, scripts.training)).seconds);
  }
  const [ours, yardstick] = [quantile(seconds.docker, 0.5), quantile(seconds.process, 0.5)];
  const more = ours - yardstick;
  const share = more / longRunSeconds;
  return resultOf(
    {
      bench: 'container',
      unit: 's of a 2 s training in a container, beside a plain process; medians',
      aim: 'less than 2 s more, and less than 3 % of a run of 10 minutes',
    },
    { ours, yardstick, details: { more: Number(more.toFixed(2)), share_of_10_minutes: Number(share.toFixed(4)) } },
    () => more < 2 && share < 0.03,
  );
}

async function measureOutput(runners: Runners, folder: string): Promise<BenchResult> {
  const contained = await timed(runners.docker, folder, scripts.flood);
  const plain = await timed(runners.process, folder, scripts.flood);
  const speedOf = (run: { seconds: number; bytes: number }): number => run.bytes / 1e6 / run.seconds;
  return resultOf(
    {
      bench: 'container-log',
      unit: `MB/s of log from a container to the miner, start and end included, beside a plain process`,
      aim: `ours > ${floodMbPerSecondMin}, 1 GB in a minute`,
    },
    { ours: speedOf(contained), yardstick: speedOf(plain), details: { mb: Math.round(contained.bytes / 1e6) } },
    ({ ours }) => ours > floodMbPerSecondMin,
  );
}
