import type { Register } from '../command.ts';
import { addCommand } from '../command.ts';
import { homeFolder } from '../context.ts';
import { startStack } from '../stack/start-stack.ts';

type Options = { port: string; host: string; folder?: string; verbose?: boolean; json?: boolean };

/** `agon up`: the whole service on this machine, until Ctrl-C. */
export const registerUp: Register = (program, context) => {
  addCommand(program, {
    usage: 'up',
    summary: 'start the service on this machine: API, scheduler, evaluator, and a private database and queue',
    examples: ['up', 'up --port 9000 --folder /var/lib/agon', 'up --host 0.0.0.0 --verbose'],
  })
    .option('--port <port>', 'port of the API', context.env.PORT ?? '8080')
    .option('--host <host>', 'address that the API listens on', context.env.HOST ?? '127.0.0.1')
    .option('--folder <folder>', 'where everything is kept (default: the .agon folder)')
    .option('--verbose', 'show the log of the services')
    .action(async (options: Options) => {
      const folder = options.folder ?? (await homeFolder(context));
      const stack = await startStack({
        folder,
        host: options.host,
        port: Number(options.port),
        env: context.env,
        onStep: (step) => context.err(`… ${step}`),
        ...(options.verbose ? { onLog: context.err } : {}),
      });
      try {
        if (options.json) context.out(JSON.stringify({ url: stack.url, folder, pids: stack.pids() }));
        else context.out(welcome(stack.url, folder));
        await untilAborted(context.interrupted);
        context.err('… stopping');
      } finally {
        await stack.stop();
      }
    });
};

const welcome = (url: string, folder: string): string =>
  [
    `Agon serves at ${url}`,
    `  API docs   ${url}/docs`,
    `  data       ${folder}`,
    `  admin key  in ${folder}/credentials.json; the agon command finds it by itself`,
    '',
    'In other terminals:',
    '  agon mine start',
    '  agon submit data.csv --target column --minutes 2 --watch',
    '',
    'Ctrl-C stops.',
  ].join('\n');

export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
