import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { RunnerOptions } from './runner-options.ts';

const run = promisify(execFile);
const askMsMax = 20_000;

const light = ['tabular-gbdt', 'tabular-linear', 'tabular-mlp', 'text-linear'];
/** Before the light ones: of texts an encoder knows more than their words. */
const needTorch = ['encoder-torch', 'lora-torch', 'full-torch'];
const script =
  'import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, ["torch", "transformers", "peft", "safetensors"])))';

/**
 * The shipped recipes that a miner runs when it names none: those for tables and texts, and where the trainers' Python has
 * PyTorch, those for language models. What is in an image cannot be seen from outside but by its name, `…:torch`.
 */
export async function defaultRecipes(
  { runner, image }: Pick<RunnerOptions, 'runner' | 'image'>,
  python: string,
): Promise<string[]> {
  const hasTorch = runner === 'docker' ? image?.endsWith(':torch') === true : await findsTorch(python);
  return hasTorch ? [...needTorch, ...light] : light;
}

/** Looks the packages up without importing them, which would take seconds. */
const findsTorch = (python: string): Promise<boolean> =>
  run(python, ['-c', script], { timeout: askMsMax }).then(
    () => true,
    () => false,
  );
