import { addCommand, type Register } from '../command.ts';
import { answer, type Context, clientOf, type SharedOptions } from '../context.ts';
import { findModel } from '../find-model.ts';
import { renderPush, watchPush } from '../terminal/watch-push.ts';
import { hubToken } from './job-options.ts';

type Options = SharedOptions & { to: string; public?: boolean; private?: boolean; token?: string; watch?: boolean };

/** `agon publish`: pushes a winner to a repo on the hub that the service pushes to, or pushes it again. */
export const registerPublish: Register = (program, context) => {
  addCommand(program, {
    usage: 'publish <model>',
    summary: 'push a winner to a repo on the hub of the service (huggingface.co, where its operator named no other)',
    examples: [
      'publish model_01abc… --to acme/support --watch',
      'publish acme/support-3f9k2m --to acme/support --public',
      'HF_TOKEN=hf_… agon publish model_01abc… --to acme/support',
    ],
  })
    .requiredOption('--to <org/name>', 'the repo; it is made where there is none')
    .option('--private', 'make a private repo (the default)')
    .option('--public', 'make a public repo')
    .option('--token <token>', 'token that may write to the repo (default: HF_TOKEN, else the service’s own)')
    .option('-w, --watch', 'follow the push to its end; Ctrl-C leaves it to go on')
    .action((model: string, options: Options) => publish(context, model, options));
};

async function publish(context: Context, named: string, options: Options): Promise<void> {
  const client = await clientOf(context, options);
  const model = await findModel(client, named);
  const token = hubToken(context, options.token);
  const body = { repo: options.to, private: !options.public, ...(token === undefined ? {} : { token }) };
  const asked = await client.models.publish(model.model, body);
  const push = options.watch ? await watchPush(client, { modelId: model.model, push: asked, context }) : asked;
  answer(context, options, { json: push, text: () => renderPush(push) });
  if (push.status === 'failed') process.exitCode = 1;
}
