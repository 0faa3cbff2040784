import { join } from 'node:path';
import type { Share } from './runner.ts';

/** Variables of the miner that a trainer may see: where programs are, and how the machine's libraries must behave. */
const passedOn =
  /^(PATH|LANG|LC_[A-Z]+|LD_LIBRARY_PATH|OPENBLAS_[A-Z0-9_]+|CUDA_[A-Z_]+|NVIDIA_[A-Z_]+|SSL_CERT_FILE)$/;

/** The whole environment of a trainer, as docs/trainer-contract.md lists it. */
export function trainerEnvironment(input: {
  environment: Readonly<Record<string, string | undefined>>;
  jobFolder: string;
  temporaryFolder: string;
  templatesFolder: string;
  share: Pick<Share, 'cpus' | 'gpus'>;
}): Record<string, string> {
  const threads = String(Math.max(1, Math.floor(input.share.cpus)));
  const passed = Object.entries(input.environment).flatMap(([name, value]) =>
    value !== undefined && passedOn.test(name) ? [[name, value] as const] : [],
  );
  return {
    LANG: 'C.UTF-8',
    ...Object.fromEntries(passed),
    AGON_JOB: input.jobFolder,
    PYTHONPATH: join(input.templatesFolder, 'shared'),
    PYTHONUNBUFFERED: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    HOME: input.temporaryFolder,
    TMPDIR: input.temporaryFolder,
    OMP_NUM_THREADS: threads,
    OPENBLAS_NUM_THREADS: threads,
    MKL_NUM_THREADS: threads,
    NUMEXPR_NUM_THREADS: threads,
    ...(input.share.gpus.length === 0 ? {} : { CUDA_VISIBLE_DEVICES: input.share.gpus.join(',') }),
  };
}
