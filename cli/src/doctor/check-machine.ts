import type { Capabilities } from '@agon/contracts';
import { checkDocker, RunnerError } from '@agon/miner';
import { bad, type Finding, good, known } from './finding.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Machine = Omit<Capabilities, 'tasks' | 'templates'>;

const memoryMibMin = 1_024;
const diskMibMin = 5_120;
const mibOfGib = 1_024;

const gib = (mib: number): string => `${(mib / mibOfGib).toFixed(1)} GiB`;

/** Whether memory and disk are enough for the smallest recipes. */
export function checkSizes({ memory_mib: memory, disk_mib: disk, cpus }: Machine): Finding[] {
  const memorySays = `${gib(memory)} for trainers, ${cpus} CPUs`;
  const diskSays = `${gib(disk)} free`;
  return [
    memory < memoryMibMin
      ? bad('memory', memorySays, `Recipes want ${gib(memoryMibMin)} at least: end other programs, or add memory.`)
      : good('memory', memorySays),
    disk < diskMibMin
      ? bad('disk', diskSays, `Keep ${gib(diskMibMin)} free for datasets, base models and images.`)
      : good('disk', diskSays),
  ];
}

/** Docker and GPUs. No GPU is normal; one that containers cannot use is said. */
export async function checkContainers(
  environment: Environment,
  { runner, machine }: { runner: 'process' | 'docker'; machine: Machine },
): Promise<Finding[]> {
  const gpus = machine.gpus.map(({ name, vram_mib: vram }) => `${name} with ${gib(vram)}`).join(', ');
  const gpu = gpus === '' ? known('gpu', 'none: jobs that need one go to others') : good('gpu', gpus);
  try {
    const { version, gpuRuntime } = await checkDocker(environment);
    const docker = good('docker', `version ${version}`);
    if (gpus === '' || gpuRuntime) return [docker, gpu];
    const fix =
      'Install the NVIDIA Container Toolkit, run `nvidia-ctk runtime configure --runtime=docker`, restart Docker.';
    return [docker, gpu, bad('gpu in containers', 'Docker has no runtime for GPUs.', fix)];
  } catch (error) {
    if (!(error instanceof RunnerError)) throw error;
    const fix = 'Without Docker, trainers run as plain processes: --runner process.';
    return [runner === 'docker' ? bad('docker', error.message, fix) : known('docker', error.message, fix), gpu];
  }
}
