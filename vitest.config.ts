import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Node gets these too: with `import` among them a CommonJS file would require the ES module of a dual package.
const conditions = ['@agon/source', 'node'];
const root = fileURLToPath(new URL('.', import.meta.url));
const sources = ['packages/*/src', 'services/*/src', 'cli/src', 'test', 'tools'];
const files = (suffix: string) => sources.map((folder) => `${folder}/**/*${suffix}`);
const common = {
  root,
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
};
const setupFiles = [`${root}packages/testing/src/properties.setup.ts`];

/** Vitest leaves one processor idle, which is half of a small machine. */
const workers = availableParallelism();

/** Where strangers share the machine a real trainer can miss its time once. What is tried again is said in the output. */
const retry = process.env.CI === 'true' ? 1 : 0;

/**
 * Three sizes: unit has no I/O; medium has a real Redis, MongoDB protocol or ONNX model; e2e has the whole service. And
 * docker: medium and e2e tests that need a Docker daemon, which they start themselves.
 */
export default defineConfig({
  test: {
    projects: [
      {
        ...common,
        test: {
          name: 'unit',
          maxWorkers: workers,
          setupFiles,
          sequence: { groupOrder: 0 },
          include: files('.test.ts'),
          testTimeout: 60_000,
          exclude: [
            '**/node_modules/**',
            '**/dist/**',
            ...['.medium.test.ts', '.docker.test.ts', '.e2e.test.ts'].flatMap(files),
          ],
        },
      },
      {
        ...common,
        test: {
          name: 'medium',
          maxWorkers: workers,
          setupFiles,
          sequence: { groupOrder: 1 },
          include: files('.medium.test.ts'),
          exclude: ['**/node_modules/**', '**/dist/**'],
          globalSetup: [`${root}packages/testing/src/servers.setup.ts`],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...common,
        test: {
          name: 'docker',
          retry,
          sequence: { groupOrder: 3 },
          include: files('.docker.test.ts'),
          exclude: ['**/node_modules/**', '**/dist/**'],
          globalSetup: [`${root}test/docker/docker.setup.ts`],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        ...common,
        test: {
          name: 'e2e',
          retry,
          // Each file has a whole service and its trainers, which wait for one another more than they compute.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          include: files('.e2e.test.ts'),
          exclude: ['**/node_modules/**', '**/dist/**'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
