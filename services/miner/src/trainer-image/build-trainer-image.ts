import { type ExecFileException, execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RunnerError } from '../runner/runner.ts';

const run = promisify(execFile);
const outputBytesMax = 64 * 2 ** 20;
const buildMsMax = 60 * 60_000;

export const defaultBaseImage = 'debian:bookworm-slim';

export type TrainerImageInput = {
  /** The checkout: its `docker/trainer.Dockerfile` and `templates/`. */
  readonly root: string;
  /** What the image is called then. */
  readonly image: string;
  readonly baseImage: string;
  /** Of `templates/`: `requirements.lock`, and `requirements-torch.lock` for recipes that need PyTorch. */
  readonly requirements: readonly string[];
  /** Python of this machine, whose pip fetches the packages: it knows the owner's mirrors and certificates. */
  readonly python: string;
  /** Keeps the packages between builds. */
  readonly cacheFolder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly say: (text: string) => void;
};

/**
 * Builds the image that recipes run on in containers, where none of the same recipe is there.
 *
 * @throws RunnerError with the end of what the builder said.
 */
export async function buildTrainerImage(input: TrainerImageInput): Promise<void> {
  const recipe = await recipeOf(input);
  if ((await builtRecipe(input)) === recipe) return;
  const context = await mkdtemp(join(tmpdir(), 'agon-trainer-'));
  try {
    for (const name of input.requirements) await cp(join(input.root, 'templates', name), join(context, name));
    await addWheels(input, context);
    input.say(`building the image ${input.image} on ${input.baseImage}`);
    await docker(input, [
      ...['build', '--network', 'host', '--file', join(input.root, 'docker', 'trainer.Dockerfile')],
      ...[
        '--build-arg',
        `BASE_IMAGE=${input.baseImage}`,
        '--build-arg',
        `REQUIREMENTS=${input.requirements.join(' ')}`,
      ],
      ...['--build-arg', `RECIPE=${recipe}`, '--tag', input.image, context],
    ]);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

/** Changes with whatever the image is made of. */
async function recipeOf({ root, baseImage, requirements }: TrainerImageInput): Promise<string> {
  const hash = createHash('sha256').update(baseImage);
  for (const path of ['docker/trainer.Dockerfile', ...requirements.map((name) => `templates/${name}`)]) {
    hash.update(await readFile(join(root, path)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function builtRecipe(input: TrainerImageInput): Promise<string | undefined> {
  const args = ['image', 'inspect', '--format', '{{index .Config.Labels "agon.recipe"}}', input.image];
  return docker(input, args).catch((error: unknown) => {
    if (/no such image/i.test(String(error))) return undefined;
    throw error;
  });
}

/** Fetches the packages here. Where that fails, as on another system than Linux, the build fetches them itself. */
async function addWheels(input: TrainerImageInput, context: string): Promise<void> {
  if (process.platform !== 'linux') return;
  const locks = input.requirements.map((name) => join(input.root, 'templates', name));
  try {
    const script = 'import sys; print("python-%d.%d" % sys.version_info[:2])';
    const version = (await run(input.python, ['-c', script])).stdout.trim();
    const hash = createHash('sha256').update(version);
    for (const lock of locks) hash.update(await readFile(lock));
    const wheels = join(input.cacheFolder, `wheels-${hash.digest('hex').slice(0, 12)}`);
    await mkdir(wheels, { recursive: true });
    input.say('fetching the packages of the recipes');
    const args = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--only-binary=:all:'];
    const wanted = locks.flatMap((lock) => ['--requirement', lock]);
    await run(input.python, [...args, ...wanted, '--dest', wheels], execOptions(input));
    await cp(wheels, join(context, 'wheels'), { recursive: true });
    await writeFile(join(context, 'wheels', version), '');
  } catch {
    await rm(join(context, 'wheels'), { recursive: true, force: true });
    input.say('the build fetches the packages itself');
  }
}

const execOptions = ({ environment }: TrainerImageInput) => ({
  env: environment as NodeJS.ProcessEnv,
  maxBuffer: outputBytesMax,
  timeout: buildMsMax,
});

async function docker(input: TrainerImageInput, args: readonly string[]): Promise<string> {
  try {
    return (await run('docker', args, execOptions(input))).stdout.trim();
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as ExecFileException;
    const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-15).join('\n') || message;
    throw new RunnerError(`docker ${args[0]} failed:\n${said}`, error);
  }
}
