import type { Command } from 'commander';
import type { Register } from './command.ts';
import { registerChat } from './commands/chat.ts';
import { registerDemo } from './commands/demo.ts';
import { registerJobs } from './commands/jobs.ts';
import { registerKeys } from './commands/keys.ts';
import { registerMine } from './commands/mine.ts';
import { registerMiners } from './commands/miners.ts';
import { registerModels } from './commands/models.ts';
import { registerPublish } from './commands/publish.ts';
import { registerSubmit } from './commands/submit.ts';
import { registerTemplate } from './commands/template.ts';
import { registerUp } from './commands/up.ts';
import { registerValidate } from './commands/validate.ts';
import { registerVerify } from './commands/verify.ts';
import { registerWebhooks } from './commands/webhooks.ts';
import type { Context } from './context.ts';

const registers: readonly Register[] = [
  registerUp,
  registerDemo,
  registerSubmit,
  registerValidate,
  registerJobs,
  registerMine,
  registerTemplate,
  registerMiners,
  registerModels,
  registerPublish,
  registerChat,
  registerVerify,
  registerWebhooks,
  registerKeys,
];

/** The `agon` command with all that it can do. */
export function buildProgram(program: Command, context: Context): Command {
  program
    .name('agon')
    .description(
      'AutoML training jobs as a race: miners compete, an evaluator scores them on hidden rows, the best wins.',
    )
    .version('0.1.0')
    .showHelpAfterError('(--help shows how)')
    // Options belong to the command that they follow: `models` and `models import` have some of the same names.
    .enablePositionalOptions()
    .exitOverride();
  for (const register of registers) register(program, context);
  return program;
}
