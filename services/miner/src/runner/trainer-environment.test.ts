import { expect, test } from 'vitest';
import { trainerEnvironment } from './trainer-environment.ts';

const environment = {
  PATH: '/bin',
  AWS_SECRET_ACCESS_KEY: 's3cret',
  AGON_API_KEY: 'k',
  OPENBLAS_CORETYPE: 'Haswell',
  HF_TOKEN: 't',
};
const made = trainerEnvironment({
  environment,
  jobFolder: '/j',
  temporaryFolder: '/t',
  templatesFolder: '/templates',
  share: { cpus: 2.5, gpus: [] },
});

test('no secret of the miner reaches a trainer', () => {
  expect(Object.values(made).filter((value) => ['s3cret', 'k', 't'].includes(value))).toEqual([]);
});

test('a trainer learns its job folder, the shared package and how many threads it may use', () => {
  expect(made).toMatchObject({
    AGON_JOB: '/j',
    PYTHONPATH: '/templates/shared',
    OMP_NUM_THREADS: '2',
    HOME: '/t',
    PATH: '/bin',
  });
});

test('what the machine’s numeric libraries need is passed on', () => {
  expect(made.OPENBLAS_CORETYPE).toBe('Haswell');
});
