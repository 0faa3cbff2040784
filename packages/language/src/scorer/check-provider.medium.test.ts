import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { checkProvider } from './check-provider.ts';

const library = join(
  dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json')),
  `bin/napi-v6/${process.platform}/${process.arch}/libonnxruntime_providers_cuda.so`,
);

test('the processor is always there', async () => {
  await expect(checkProvider('cpu')).resolves.toBeUndefined();
});

test.runIf(!existsSync(library))('a provider without its library is refused at the start, by name', async () => {
  await expect(checkProvider('cuda')).rejects.toThrow(/EXECUTION_PROVIDER=cuda cannot be used here: .*shared library/);
});
