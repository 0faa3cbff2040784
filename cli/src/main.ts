import { ApiError } from '@agon/client';
import { AppError } from '@agon/contracts';
import { ConfigError } from '@agon/kit';
import { FolderInUseError, RunnerError, SubmissionError, TemplateError } from '@agon/miner';
import { Command, CommanderError } from 'commander';
import { renderProblems } from './commands/validate.ts';
import { CommandError, type Context } from './context.ts';
import { buildProgram } from './program.ts';
import { ServiceError } from './stack/service-process.ts';

const interrupt = new AbortController();
let interrupts = 0;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    interrupts += 1;
    if (interrupts > 2) process.exit(130);
    interrupt.abort();
  });
}

const context: Context = {
  env: process.env,
  cwd: process.cwd(),
  out: (text) => process.stdout.write(`${text}\n`),
  write: (text) => void process.stdout.write(text),
  err: (text) => process.stderr.write(`${text}\n`),
  isTerminal: process.stdout.isTTY === true,
  interrupted: interrupt.signal,
};

/** What a person can act on is a message; anything else is our fault and shows its stack. */
function explain(error: unknown): string {
  if (error instanceof ApiError) {
    const problems = renderProblems(error.problems, error.message);
    return [`${error.code}: ${error.message}`, ...problems, ...(error.help ? [error.help] : [])].join('\n');
  }
  const expected = [
    CommandError,
    SubmissionError,
    TemplateError,
    FolderInUseError,
    RunnerError,
    ServiceError,
    ConfigError,
    AppError,
  ];
  if (expected.some((type) => error instanceof type)) return (error as Error).message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

try {
  await buildProgram(new Command(), context).parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else if (interrupt.signal.aborted) process.exitCode = 130;
  else {
    process.exitCode = 1;
    if (process.argv.includes('--json') && error instanceof ApiError) {
      const { code, message, status, problems } = error;
      context.out(JSON.stringify({ error: { code, message, status, problems } }));
    }
    context.err(explain(error));
  }
}
