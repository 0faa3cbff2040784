import { readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Receipt } from '@agon/contracts';
import colours from 'picocolors';
import { addCommand, type Register } from '../command.ts';
import { answer, CommandError, type Context, clientOf, homeFolder, type SharedOptions } from '../context.ts';
import { modelsFolder } from '../repository.ts';
import { type Check, verifyReceipt } from '../verify/verify-receipt.ts';

type Options = SharedOptions & { dataset?: string; model?: string; base?: string; signingKey?: string };

/** `agon verify` and `agon receipt`. */
export const registerVerify: Register = (program, context) => {
  addCommand(program, {
    usage: 'receipt <job>',
    summary: 'fetch the signed record of how a winner was chosen',
    examples: ['receipt job_01abc… --output receipt.json'],
  })
    .option('--output <file>', 'file to write to (default: the terminal)')
    .action(async (jobId: string, options: SharedOptions & { output?: string }) => {
      const receipt = await (await clientOf(context, options)).jobs.receipt(jobId);
      const text = JSON.stringify(receipt, null, 2);
      if (options.output) await writeFile(resolve(context.cwd, options.output), `${text}\n`);
      else context.out(text);
    });
  addCommand(program, {
    usage: 'verify <receipt>',
    summary: 'check a receipt: signature, rules, and with the dataset and model at hand the split and the score',
    examples: [
      'verify receipt.json',
      'verify churn/agon.json --dataset churn.csv --model churn',
      'verify support/agon.json --dataset support.jsonl --model support --base ./SmolLM2-135M-Instruct',
      'verify receipt.json --signing-key AbC…',
    ],
  })
    .option('--dataset <file>', 'the file that was posted: checks its hash and that the split was not moved')
    .option('--model <folder>', 'the pulled winner: checks its hashes, and its score where --dataset is given too')
    .option('--base <folder>', 'the base model, to score an adapter or checkpoint again (default: of .agon/models)')
    .option('--signing-key <key>', "the service's public key (default: asked from the service)")
    .action((path: string, options: Options) => verify(context, path, options));
};

async function verify(context: Context, path: string, options: Options): Promise<void> {
  const receipt = await readReceipt(resolve(context.cwd, path));
  const checks: Check[] =
    receipt instanceof Error
      ? [{ name: 'form', ok: false, message: receipt.message }]
      : await verifyReceipt(receipt, {
          signingKeys: await signingKeys(context, options),
          dataset: options.dataset ? resolve(context.cwd, options.dataset) : undefined,
          model: options.model ? resolve(context.cwd, options.model) : undefined,
          base: options.base ? resolve(context.cwd, options.base) : await knownBase(context, receipt),
        });
  const verified = checks.every((check) => check.ok !== false);
  const lines = checks.map((check) => `${markOf(check)} ${check.name.padEnd(10)} ${check.message}`);
  const verdict = verified ? colours.green('The receipt holds.') : colours.red('The receipt does NOT hold.');
  answer(context, options, { json: { verified, checks }, text: () => [...lines, verdict].join('\n') });
  if (!verified) process.exitCode = 1;
}

const markOf = ({ ok }: Check): string =>
  ok === null ? colours.yellow('?') : ok ? colours.green('✓') : colours.red('✗');

async function readReceipt(path: string): Promise<Receipt | Error> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) throw new CommandError(`There is no file ${path}.`);
  try {
    const parsed = Receipt.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : new Error('The file has not the form of a receipt.');
  } catch {
    return new Error('The file is not JSON.');
  }
}

/** A folder of the base model that this machine has already. */
async function knownBase(context: Context, { body }: Receipt): Promise<string | undefined> {
  const name = body.base_model?.name;
  if (name === undefined) return undefined;
  const folders = [join(await homeFolder(context), 'models', name), join(modelsFolder, name.replace(/^agon\//, ''))];
  const found = await Promise.all(folders.map((folder) => stat(join(folder, 'config.json')).catch(() => undefined)));
  return folders.find((_, index) => found[index] !== undefined);
}

/** Undefined where nobody could be asked: then whose key it is stays open. */
async function signingKeys(context: Context, options: Options): Promise<readonly string[] | undefined> {
  if (options.signingKey) return [options.signingKey];
  const client = await clientOf(context, options);
  const answered = await client.signingKeys().catch(() => undefined);
  return answered?.data.map((key) => key.public_key);
}
