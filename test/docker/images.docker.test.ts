import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from './compose-project.ts';
import { networkedDocker } from './networked-docker.ts';

const services = ['api', 'scheduler', 'evaluator', 'miner'];
const withOnnx = ['api', 'evaluator'];
const bytesMax = 300e6;
const buildMsMax = 30 * 60_000;
const bare = ['run', '--rm', '--network', 'none', '--read-only', '--cap-drop', 'ALL', '--entrypoint'];

type Inspected = {
  Config: { User: string; Labels: Record<string, string>; Env: string[]; StopSignal: string; Healthcheck: unknown };
};

describe.runIf(process.env.AGON_TEST_DOCKER_HOST)('images', () => {
  let stop: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    stop = await networkedDocker();
  }, buildMsMax);
  afterAll(() => stop?.());

  const inspected = async (name: string): Promise<Inspected['Config']> =>
    (JSON.parse(await run('docker', ['image', 'inspect', `agon-${name}:latest`])) as Inspected[])[0]!.Config;
  const sizeOf = async (image: string): Promise<number> =>
    Number(await run('docker', ['image', 'inspect', '--format', '{{.Size}}', image]));
  const inside = (name: string, command: string): Promise<string> =>
    run('docker', [...bare, 'sh', `agon-${name}:latest`, '-c', command]);

  test.each(services)('%s is small, knows where it is from, and is not root', async (name) => {
    const config = await inspected(name);
    const commit = await run('git', ['rev-parse', 'HEAD']);
    expect(config).toMatchObject({ User: '10001:10001', StopSignal: 'SIGTERM' });
    expect(config.Env).toContain('NODE_ENV=production');
    expect(config.Labels['org.opencontainers.image.revision']).toBe(commit);
    expect(config.Labels['org.opencontainers.image.title']).toBe(`agon-${name}`);
    expect(await sizeOf(`agon-${name}:latest`)).toBeLessThan(bytesMax);
  });

  test.each(services)('%s has no tool that builds or fetches, and nothing of other systems', async (name) => {
    const tools = 'for tool in npm npx pnpm yarn git gcc cc make python3 curl wget; do command -v $tool; done; true';
    expect(await inside(name, tools)).toBe('');
    const foreign =
      "find /app -name '*.tsbuildinfo' -o -name '*.ts' -o -name '*.dylib' -o -name '*.dll' -o -path '*/darwin/*'";
    expect(await inside(name, foreign)).toBe('');
  });

  test.each(withOnnx)('%s can load the runtime of models', async (name) => {
    const program =
      "const { createRequire } = require('node:module'); const found = require('node:fs').readdirSync('/app/node_modules/.pnpm').find((n) => n.startsWith('onnxruntime-node')); console.log(require('/app/node_modules/.pnpm/' + found + '/node_modules/onnxruntime-node').env.versions.node)";
    expect(await run('docker', [...bare, 'node', `agon-${name}:latest`, '-e', program])).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test('a service without its settings says which are missing, and ends', async () => {
    const started = run('docker', ['run', '--rm', '--network', 'none', 'agon-scheduler:latest']);
    await expect(started).rejects.toThrow(/MONGODB_URL[\s\S]*REDIS_URL[\s\S]*SIGNING_KEY_FILE/);
  });
});
