import type { ContainerCreateOptions, MountSettings } from 'dockerode';
import type { TrainerStart } from '../runner.ts';
import { trainerEnvironment } from '../trainer-environment.ts';

/** Where a trainer finds things in its container; docs/trainer-contract.md says so too. */
export const containerPaths = { job: '/job', template: '/template', recipes: '/agon', temporary: '/tmp' } as const;

const mib = 2 ** 20;
const processesMax = 1_024;
const filesOpenMax = 4_096;
/** Of `/tmp` and `/dev/shm`: a share of the run's memory, which both count against. */
const temporaryShare = 0.25;
/** What an image declares as a volume would be disk without a bound; it gets this much memory instead. */
const declaredVolumeMib = 16;

export const labels = { owner: 'agon.owner', run: 'agon.run', template: 'agon.template' } as const;

export type ContainerInput = {
  readonly start: TrainerStart;
  readonly image: { readonly id: string; readonly volumes: readonly string[] };
  /** Whose containers these are; cleaning up never touches another miner's. */
  readonly owner: string;
  /** `uid:gid` of the trainer, to whom `out` belongs. */
  readonly user: string;
  /** The recipes' shared package on this machine, where there is one. */
  readonly sharedFolder: string | undefined;
  /** Variables of the miner that the machine's libraries need. */
  readonly environment: Readonly<Record<string, string | undefined>>;
};

/**
 * A container that can do nothing but compute: no network, no capability, no new privilege, no root, nothing to write to
 * but `out` and some memory, and bounds on processes, memory, processors, open files and log.
 */
export function containerSpec(input: ContainerInput): ContainerCreateOptions {
  const { start, image, owner, user } = input;
  const { manifest } = start.template;
  const own = manifest.image !== undefined;
  return {
    name: containerName(owner, start.runId),
    Image: image.id,
    // As the entry point, so that one of the image does not come before it.
    Entrypoint: manifest.command.map((word) => (word === '{python}' ? 'python3' : word)),
    Cmd: [],
    ...(own ? {} : { WorkingDir: containerPaths.template }),
    Env: environmentOf(input, own),
    User: user,
    Hostname: 'trainer',
    NetworkDisabled: true,
    Healthcheck: { Test: ['NONE'] },
    Labels: {
      [labels.owner]: owner,
      [labels.run]: start.runId,
      [labels.template]: `${manifest.name}@${manifest.version}`,
    },
    HostConfig: { ...isolation, ...limitsOf(start), Mounts: mountsOf(input, own), Tmpfs: tmpfsOf(input) },
  };
}

export const containerName = (owner: string, runId: string): string => `agon-${owner.slice(0, 12)}-${runId}`;

const isolation = {
  NetworkMode: 'none',
  ReadonlyRootfs: true,
  CapDrop: ['ALL'],
  SecurityOpt: ['no-new-privileges'],
  IpcMode: 'private',
  Privileged: false,
  // Reaps what the trainer leaves, and passes SIGTERM on.
  Init: true,
  AutoRemove: false,
  RestartPolicy: { Name: 'no' },
  // What a miner that restarts can read again; this driver is faster than the one of JSON.
  LogConfig: { Type: 'local', Config: { 'max-size': '8m', 'max-file': '2', compress: 'false' } },
} as const;

function limitsOf({ share, outBytesMax }: TrainerStart) {
  const memory = share.memoryMib * mib;
  return {
    Memory: memory,
    // The same: no swap.
    MemorySwap: memory,
    NanoCpus: Math.round(share.cpus * 1e9),
    PidsLimit: processesMax,
    ShmSize: Math.floor(memory * temporaryShare),
    Ulimits: [
      { Name: 'nofile', Soft: filesOpenMax, Hard: filesOpenMax },
      { Name: 'core', Soft: 0, Hard: 0 },
      { Name: 'fsize', Soft: outBytesMax, Hard: outBytesMax },
    ],
    DeviceRequests:
      share.gpus.length === 0 ? [] : [{ Driver: '', DeviceIDs: [...share.gpus], Capabilities: [['gpu']] }],
  };
}

function mountsOf({ start, sharedFolder }: ContainerInput, own: boolean): MountSettings[] {
  const bind = (source: string, target: string, readOnly = true): MountSettings => ({
    Type: 'bind',
    Source: source,
    Target: target,
    ReadOnly: readOnly,
    BindOptions: { Propagation: 'rprivate' },
  });
  return [
    bind(start.folder.job, containerPaths.job),
    bind(start.folder.out, `${containerPaths.job}/out`, false),
    ...(own ? [] : [bind(start.template.folder, containerPaths.template)]),
    ...(own || sharedFolder === undefined ? [] : [bind(sharedFolder, `${containerPaths.recipes}/shared`)]),
  ];
}

function tmpfsOf({ start, image }: ContainerInput): Record<string, string> {
  const temporaryMib = Math.max(16, Math.floor(start.share.memoryMib * temporaryShare));
  const sized = (sizeMib: number): string => `rw,nosuid,nodev,size=${sizeMib}m,mode=1777`;
  const declared = image.volumes.filter((path) => !Object.values<string>(containerPaths).includes(path));
  return {
    ...Object.fromEntries(declared.map((path) => [path, sized(declaredVolumeMib)])),
    [containerPaths.temporary]: sized(temporaryMib),
  };
}

/** The contract's variables with the container's paths; `PATH` and the like are the image's. */
function environmentOf({ start, environment }: ContainerInput, own: boolean): string[] {
  const tuning = Object.entries(environment).filter(([name]) => name.startsWith('OPENBLAS_'));
  const {
    PYTHONPATH,
    CUDA_VISIBLE_DEVICES: _,
    ...rest
  } = trainerEnvironment({
    environment: Object.fromEntries(tuning),
    jobFolder: containerPaths.job,
    temporaryFolder: containerPaths.temporary,
    templatesFolder: containerPaths.recipes,
    share: start.share,
  });
  return Object.entries({ ...rest, ...(own ? {} : { PYTHONPATH }) }).map(([name, value]) => `${name}=${value}`);
}
