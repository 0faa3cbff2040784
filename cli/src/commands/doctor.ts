import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import type { SelfTest } from '@agon/contracts';
import { type SigningKey, silentLog, systemClock, unixSeconds } from '@agon/kit';
import { detectCapabilities, loadTemplate, RunnerError, writeSelfTest } from '@agon/miner';
import type { Command } from 'commander';
import colours from 'picocolors';
import { addCommand } from '../command.ts';
import { answer, type Context, connection, homeFolder, type SharedOptions } from '../context.ts';
import { checkContainers, checkSizes } from '../doctor/check-machine.ts';
import { checkService } from '../doctor/check-service.ts';
import { bad, type Finding } from '../doctor/finding.ts';
import { selfTest } from '../doctor/self-test.ts';
import { datasetsFolder } from '../repository.ts';
import { type RunnerOptions, runnerOf } from '../runner-options.ts';

export type DoctorOptions = SharedOptions & RunnerOptions & { selfTest?: boolean };
/** Folder and key of the miner that the options mean. */
export type PlaceOf<O> = (context: Context, options: O) => Promise<{ folder: string; key: SigningKey }>;

const testTemplate = 'tabular-linear';
const messageCharactersMax = 500;
const nonceBytes = 18;

/** `agon mine doctor`. */
export function addDoctor<O extends DoctorOptions>(
  mine: Command,
  context: Context,
  miner: { addOptions: (command: Command) => Command; placeOf: PlaceOf<O> },
): void {
  const command = addCommand(mine, {
    usage: 'doctor',
    summary: 'check this machine for mining, say what to fix, and train a small model; a minute at most',
    examples: ['mine doctor', 'mine doctor --runner docker --json', 'mine doctor --url http://agon.example:8080'],
  });
  miner
    .addOptions(command)
    .option('--no-self-test', 'leave the training out')
    .action((options: O) => doctor(context, options, miner.placeOf));
}

async function doctor<O extends DoctorOptions>(context: Context, options: O, placeOf: PlaceOf<O>): Promise<void> {
  const { folder, key } = await placeOf(context, options);
  const { url } = await connection(context, options);
  const machine = await detectCapabilities(folder);
  const newNonce = (): string => randomBytes(nonceBytes).toString('base64url');
  const findings: Finding[] = [
    ...checkSizes(machine),
    ...(await checkContainers(context.env, { runner: options.runner, machine })),
    ...(await checkService({ url, key, clock: systemClock, newNonce })),
  ];
  if (options.selfTest !== false) findings.push(await trained(context, options, folder));
  const ok = findings.every((finding) => finding.ok !== false);
  answer(context, options, { json: { ok, checks: findings }, text: () => findings.map(lineOf).join('\n') });
  if (!ok) process.exitCode = 1;
}

/** The self-test, whose result the miner's next registration carries. */
async function trained(context: Context, options: DoctorOptions, folder: string): Promise<Finding> {
  context.err(`… training ${testTemplate} with ${options.runner === 'docker' ? 'containers' : 'plain processes'}`);
  const { seconds, ...finding } = await trial(context, options, folder);
  const result: SelfTest = {
    ok: finding.ok === true,
    tested_at: unixSeconds(new Date(systemClock.nowMs())),
    runner: options.runner,
    template: testTemplate,
    seconds,
    message: finding.message.slice(0, messageCharactersMax),
  };
  await writeSelfTest(folder, result);
  return finding;
}

async function trial(
  context: Context,
  options: DoctorOptions,
  folder: string,
): Promise<Finding & { readonly seconds: number }> {
  try {
    const places = {
      templatesFolder: resolve(context.cwd, options.templates),
      cacheFolder: await homeFolder(context),
      environment: context.env,
    };
    const template = await loadTemplate(places, testTemplate);
    const runner = await runnerOf(context, options, { folder, purpose: 'doctor', log: silentLog });
    await runner.ready();
    await runner.prepare(template);
    const input = { runner, template, datasetsFolder, folder, clock: systemClock, signal: context.interrupted };
    return await selfTest(input).finally(() => runner.sweep(new Set()));
  } catch (error) {
    if (!(error instanceof RunnerError)) throw error;
    return { ...bad('self-test', error.message, 'Mend what the message names, then run it again.'), seconds: 0 };
  }
}

function lineOf({ name, ok, message, fix }: Finding): string {
  const mark = ok === null ? colours.dim('·') : ok ? colours.green('✓') : colours.red('✗');
  return `${mark} ${name.padEnd(10)} ${message}${fix === undefined ? '' : `\n  → ${fix}`}`;
}
