import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { byteTokenizer } from '@agon/language/testing';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const smollm2 = join(root, '.agon', 'models', 'HuggingFaceTB', 'SmolLM2-135M-Instruct');
const ticksPerSecond = 100;

/** Runs a program of `bench/python` in one of its modes; it answers figures. */
export type AskPython<Figures> = (mode: string, spec: object) => Promise<Figures>;

/** @param shared what every question says. */
export function pythonAsker<Figures>(program: string, folder: string, shared: object): AskPython<Figures> {
  return async (mode, spec) => {
    const path = join(folder, 'spec.json');
    await writeFile(path, JSON.stringify({ ...shared, ...spec }));
    const words = [join(root, 'bench', 'python', program), mode, path];
    const { stdout } = await run(process.env.AGON_PYTHON ?? 'python3', words, { maxBuffer: 2 ** 26 });
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Figures;
  };
}

/** SmolLM2 where it was made (`templates/tools/smollm2.py`), else a model of its size that knows nothing. */
export async function languageModelFolder(folder: string, shared: object): Promise<string> {
  const real = process.env.AGON_BENCH_MODEL ?? smollm2;
  if (existsSync(join(real, 'tokenizer.json'))) return real;
  const model = join(folder, 'random');
  await mkdir(model);
  await pythonAsker('score_lm.py', folder, shared)('random', { model });
  for (const [name, content] of Object.entries(byteTokenizer())) await writeFile(join(model, name), content);
  return model;
}

/** Of a process, so far (Linux). */
export async function cpuSecondsOf(pid: number | undefined): Promise<number> {
  const fields = (await statOf(pid)).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** What `/proc/PID/stat` says from the state on; the name before it may have spaces. */
export async function statOf(pid: number | string | undefined): Promise<string> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return line.slice(line.lastIndexOf(')') + 2);
}
