import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { type RunningServer, startMongo, startRedis } from '@agon/embedded';
import { createLogger, readOrMakeSigningKey, Shutdown } from '@agon/kit';
import { destination } from 'pino';
import { credentialsPath, readCredentials } from '../context.ts';
import { ServiceProcess } from './service-process.ts';

export type StackOptions = {
  /** Everything that is kept lies under here. */
  readonly folder: string;
  /** Where a Redis that had to be installed is kept, so that it is installed once. */
  readonly toolsFolder?: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onStep?: (step: string) => void;
  readonly onLog?: (line: string) => void;
};

export type Stack = {
  readonly url: string;
  readonly adminKey: string;
  /** Where the database and the queue answer. */
  readonly servers: { readonly MONGODB_URL: string; readonly REDIS_URL: string };
  readonly pids: () => Record<string, number | undefined>;
  readonly stop: () => Promise<void>;
};

/**
 * The whole service on one machine: a private Redis and database where no address is given, then the services as
 * child processes. A cluster runs the same services with the addresses of its own servers.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const shutdown = new Shutdown();
  try {
    await mkdir(join(options.folder, 'logs'), { recursive: true });
    const servers = await startServers(options, shutdown);
    const signingKeyFile = join(options.folder, 'keys', 'receipts.pem');
    const { publicKey } = await readOrMakeSigningKey(signingKeyFile);
    const adminKey = (await readCredentials(options.folder))?.key ?? newApiKey();
    const sealKeyFile = options.env.SEAL_KEY_FILE ?? join(options.folder, 'keys', 'seal.key');
    const ours = { ...artifactsOf(options), SEAL_KEY_FILE: sealKeyFile };
    const shared = { ...passedOn(options.env), ...servers, ...ours };
    const environments = {
      scheduler: { ...shared, SIGNING_KEY_FILE: signingKeyFile },
      evaluator: shared,
      api: {
        ...shared,
        HOST: options.host,
        PORT: String(options.port || (await freePort(options.host))),
        BOOTSTRAP_ADMIN_KEY: adminKey,
        SIGNING_PUBLIC_KEY: publicKey,
      },
    };
    options.onStep?.('services');
    const processes = await startServices(options, { environments, shutdown });
    const credentials = { url: processes.url, key: adminKey };
    await writeFile(credentialsPath(options.folder), `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 });
    return { url: processes.url, adminKey, servers, pids: processes.pids, stop: () => shutdown.run() };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

/** Starts what has no address. A server that ends by itself is said aloud: the services wait for it, but it won't come. */
async function startServers(
  options: StackOptions,
  shutdown: Shutdown,
): Promise<{ MONGODB_URL: string; REDIS_URL: string }> {
  const { MONGODB_URL: mongodbUrl, REDIS_URL: redisUrl } = options.env;
  if (mongodbUrl && redisUrl) return { MONGODB_URL: mongodbUrl, REDIS_URL: redisUrl };
  options.onStep?.('database and queue');
  const log = createLogger({
    name: 'embedded',
    level: 'info',
    destination: fileDestination(options.folder, 'embedded'),
  });
  const keep = <T extends RunningServer>(name: string, server: T): T => {
    shutdown.add(name, () => server.stop());
    void server.exited.then(
      (how) => !shutdown.begun && options.onStep?.(`${name} has ended (${how}); see ${options.folder}/logs`),
    );
    return server;
  };
  const starting = { folder: join(options.folder, 'mongo'), log };
  const mongo = mongodbUrl ? undefined : keep('the database', await startMongo(starting));
  const environment = { ...options.env };
  const toolsFolder = join(options.toolsFolder ?? options.folder, 'tools');
  const redisFolder = join(options.folder, 'redis');
  const redis = redisUrl
    ? undefined
    : keep('Redis', await startRedis({ folder: redisFolder, toolsFolder, environment, log }));
  return { MONGODB_URL: mongodbUrl ?? mongo?.url ?? '', REDIS_URL: redisUrl ?? redis?.url ?? '' };
}

const fileDestination = (folder: string, name: string) =>
  destination({ dest: join(folder, 'logs', `${name}.log`), sync: false });

async function startServices(
  options: StackOptions,
  input: { environments: Record<'scheduler' | 'evaluator' | 'api', Record<string, string>>; shutdown: Shutdown },
): Promise<{ url: string; pids: Stack['pids'] }> {
  const processes = (['scheduler', 'evaluator', 'api'] as const).map((name) => {
    const logPath = join(options.folder, 'logs', `${name}.log`);
    const service = new ServiceProcess({ name, env: input.environments[name], logPath, onLog: options.onLog });
    input.shutdown.add(name, () => service.stop());
    return { name, service };
  });
  const ready = await Promise.all(processes.map(({ service }) => service.start()));
  const url = String(ready.at(-1)?.url);
  return { url, pids: () => Object.fromEntries(processes.map(({ name, service }) => [name, service.pid])) };
}

/** A port chosen once, so that an API that is started again answers where it did before. */
function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, host, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** A store that the caller names, else a folder; copies of what is on S3 are kept with everything else. */
function artifactsOf({ env, folder }: StackOptions): Record<string, string> {
  const { ARTIFACTS_URL, ARTIFACTS_DIR = join(folder, 'artifacts') } = env;
  return ARTIFACTS_URL
    ? { ARTIFACTS_URL, ARTIFACTS_CACHE_DIR: env.ARTIFACTS_CACHE_DIR ?? join(folder, 'artifacts-cache') }
    : { ARTIFACTS_DIR };
}

/** Settings of the services that a caller may give; nothing else of the environment reaches them. */
function passedOn(env: StackOptions['env']): Record<string, string> {
  const names = [
    'PATH',
    'HOME',
    'TMPDIR',
    'TZ',
    'LOG_LEVEL',
    'PUBLIC_URL',
    'SCORING_THREADS',
    'SCORING_SECONDS',
    'CHAT_MEMORY_MIB',
    'CHAT_THREADS',
    'HF_ENDPOINT',
    'HF_TOKEN',
    'BASE_MODELS_FROM_HUB',
    'HUB_PUSHES',
    'WEBHOOK_PRIVATE_ADDRESSES',
    'NODE_EXTRA_CA_CERTS',
    'DIRECT_DOWNLOADS',
    'ARTIFACTS_CACHE_GIB',
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
    'AWS_REGION',
    'AWS_PROFILE',
    'AWS_CONFIG_FILE',
    'AWS_SHARED_CREDENTIALS_FILE',
    'AWS_ROLE_ARN',
    'AWS_WEB_IDENTITY_TOKEN_FILE',
  ];
  const alsoInFiles = names.flatMap((name) => [name, `${name}_FILE`]);
  return Object.fromEntries(alsoInFiles.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

const newApiKey = (): string => `agon_${randomBytes(32).toString('base64url')}`;
