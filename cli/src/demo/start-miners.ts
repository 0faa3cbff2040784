import { mkdir } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { Shutdown } from '@agon/kit';
import { templatesFolder } from '../repository.ts';
import { ServiceProcess } from '../stack/service-process.ts';

export type DemoMiners = { readonly stop: () => Promise<void> };

type MinersInput = {
  readonly url: string;
  readonly folder: string;
  readonly recipes: readonly string[];
  /** The image of their containers; null for plain processes. */
  readonly image: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** Several miners as processes of their own, each with one recipe and its share of this machine. */
export async function startMiners(input: MinersInput): Promise<DemoMiners> {
  const shutdown = new Shutdown();
  await mkdir(join(input.folder, 'logs'), { recursive: true });
  const names = ['anna', 'boris', 'chandra', 'dara', 'emil'];
  const miners = input.recipes.map((recipe, index) => {
    const env = minerEnvironment(input, { recipe, name: names[index] ?? `miner-${index}` });
    const logPath = join(input.folder, 'logs', `miner-${index}.log`);
    const miner = new ServiceProcess({ name: 'miner', env, logPath });
    shutdown.add(recipe, () => miner.stop());
    return miner;
  });
  try {
    await Promise.all(miners.map((miner) => miner.start()));
  } catch (error) {
    await shutdown.run();
    throw error;
  }
  return { stop: () => shutdown.run() };
}

function minerEnvironment(input: MinersInput, miner: { recipe: string; name: string }): Record<string, string> {
  const given = Object.entries(input.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return {
    ...Object.fromEntries(given),
    AGON_URL: input.url,
    AGON_MINER_DIR: join(input.folder, 'miners', miner.name),
    AGON_MINER_NAME: miner.name,
    AGON_TEMPLATES_DIR: templatesFolder,
    AGON_TEMPLATES: miner.recipe,
    AGON_PYTHON: input.env.AGON_PYTHON ?? 'python3',
    ...(input.image === null ? {} : { AGON_RUNNER: 'docker', AGON_IMAGE: input.image }),
    AGON_CPUS: String(Math.max(1, Math.floor(cpus().length / input.recipes.length))),
    AGON_MEMORY_MIB: String(Math.max(512, Math.floor((totalmem() / 2 ** 20) * (0.8 / input.recipes.length)))),
  };
}
