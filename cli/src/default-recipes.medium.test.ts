import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultRecipes } from './default-recipes.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-recipes-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A Python that finds these packages and no others. */
async function pythonWith(name: string, ...packages: string[]): Promise<string> {
  const path = join(folder, name);
  const stub = `import importlib.util, sys\nimportlib.util.find_spec = lambda name: name in ${JSON.stringify(packages)} or None\n`;
  await writeFile(`${path}.py`, `${stub}exec(sys.argv[2])\n`);
  await writeFile(path, `#!/bin/sh\nexec python3 "${path}.py" "$@"\n`);
  await chmod(path, 0o755);
  return path;
}

const light = ['tabular-gbdt', 'tabular-linear', 'tabular-mlp', 'text-linear'];
const all = ['encoder-torch', 'lora-torch', 'full-torch', ...light];

test('language models are trained by default where Python has what they need, and only there', async () => {
  const whole = await pythonWith('whole', 'torch', 'transformers', 'peft', 'safetensors');
  expect(await defaultRecipes({ runner: 'process' }, whole)).toEqual(all);
  expect(await defaultRecipes({ runner: 'process' }, await pythonWith('partial', 'torch'))).toEqual(light);
  expect(await defaultRecipes({ runner: 'process' }, join(folder, 'missing'))).toEqual(light);
});

test('in containers the image says by its tag whether it has PyTorch', async () => {
  expect(await defaultRecipes({ runner: 'docker', image: 'agon-trainer:torch' }, 'unused')).toEqual(all);
  expect(await defaultRecipes({ runner: 'docker' }, 'unused')).toEqual(light);
});
