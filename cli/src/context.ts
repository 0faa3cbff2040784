import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Client, createClient } from '@agon/client';
import { z } from 'zod';

/** What commands get of the outside world. */
export type Context = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly out: (text: string) => void;
  /** As `out`, without a new line. */
  readonly write: (text: string) => void;
  readonly err: (text: string) => void;
  readonly isTerminal: boolean;
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal;
};

/** Options that every command has. */
export type SharedOptions = { json?: boolean; url?: string; key?: string };

/** What the caller got wrong, or the service refused; printed without a stack, exit code 1. */
export class CommandError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CommandError';
  }
}

const Credentials = z.object({ url: z.string(), key: z.string() });
export type Credentials = z.infer<typeof Credentials>;

export const credentialsPath = (home: string): string => join(home, 'credentials.json');

/** `AGON_HOME`, else the nearest `.agon` folder upwards, else `.agon` here. */
export async function homeFolder(context: Context): Promise<string> {
  if (context.env.AGON_HOME) return resolve(context.cwd, context.env.AGON_HOME);
  let folder = context.cwd;
  for (let depth = 0; depth < 40; depth += 1) {
    if (await readCredentials(join(folder, '.agon'))) return join(folder, '.agon');
    if (dirname(folder) === folder) break;
    folder = dirname(folder);
  }
  return join(context.cwd, '.agon');
}

export async function readCredentials(home: string): Promise<Credentials | undefined> {
  const text = await readFile(credentialsPath(home), 'utf8').catch(() => undefined);
  const parsed = Credentials.safeParse(text === undefined ? undefined : JSON.parse(text));
  return parsed.success ? parsed.data : undefined;
}

/** Address and key: flags, then `AGON_URL` and `AGON_API_KEY`, then what `agon up` wrote down. */
export async function connection(
  context: Context,
  options: SharedOptions,
): Promise<{ url: string; key: string | undefined }> {
  const found = await readCredentials(await homeFolder(context));
  const url = options.url ?? context.env.AGON_URL ?? found?.url ?? 'http://127.0.0.1:8080';
  const ours = found !== undefined && found.url === url;
  return { url, key: options.key ?? context.env.AGON_API_KEY ?? (ours ? found.key : undefined) };
}

/** A client of the service that the options, the environment or `agon up` name. */
export async function clientOf(context: Context, options: SharedOptions): Promise<Client> {
  const { url, key } = await connection(context, options);
  return createClient({ baseUrl: url, apiKey: key });
}

/** Prints JSON where it is asked for, else the text. */
export function answer(context: Context, options: SharedOptions, result: { json: unknown; text: () => string }): void {
  context.out(options.json ? JSON.stringify(result.json) : result.text());
}
