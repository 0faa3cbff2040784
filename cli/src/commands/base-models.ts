import type { BaseModel } from '@agon/contracts';
import type { Command } from 'commander';
import { sendModelFolder } from '../base-models/send-model-folder.ts';
import { addCommand } from '../command.ts';
import { answer, type Context, clientOf, type SharedOptions } from '../context.ts';
import { formatBytes, renderTable } from '../terminal/table.ts';

/** `agon models import`. */
export function addImport(models: Command, context: Context): void {
  addCommand(models, {
    usage: 'import <folder>',
    summary:
      'bring a base model in: a folder in the layout of Hugging Face, with safetensors; needs a key with the scope admin',
    examples: [
      'models import ./SmolLM2-135M-Instruct --name HuggingFaceTB/SmolLM2-135M-Instruct',
      'models import models/agon-tiny --name agon/tiny --revision 1',
    ],
  })
    .requiredOption('--name <org/name>', 'what jobs call it')
    .option('--revision <revision>', 'version of it (default: a short hash of its files)')
    .action(async (folder: string, options: SharedOptions & { name: string; revision?: string }) => {
      const client = await clientOf(context, options);
      const { name, revision } = options;
      const model = await sendModelFolder(client, context, { folder, name, revision });
      answer(context, options, { json: model, text: () => renderImported(model) });
    });
}

/** `agon models --base`. */
export async function listBaseModels(context: Context, options: SharedOptions): Promise<void> {
  const page = await (await clientOf(context, options)).baseModels.list({ limit: 100 });
  const header = ['base model', 'kind', 'parameters', 'context', 'licence', 'source', 'size'];
  const rows = page.data.map((model) => [
    model.id,
    model.facts.kind,
    formatCount(model.facts.parameters),
    model.facts.context_tokens,
    model.facts.license,
    model.source,
    formatBytes(sizeOf(model)),
  ]);
  const none = 'No base models yet. `agon models import FOLDER --name org/name` brings one in.';
  answer(context, options, { json: page, text: () => (rows.length === 0 ? none : renderTable(header, rows)) });
}

const sizeOf = ({ files }: BaseModel): number => files.reduce((sum, file) => sum + file.bytes, 0);

function renderImported(model: BaseModel): string {
  const { facts } = model;
  const kind = facts.kind === 'causal' ? 'answers (chat, preference)' : 'classifies (text-classification)';
  const licence = facts.license ?? 'not stated';
  return [
    model.id,
    `${facts.architecture}, ${formatCount(facts.parameters)} parameters, ${formatBytes(sizeOf(model))}; ${kind}`,
    `licence: ${licence}${facts.kind === 'causal' && !facts.has_chat_template ? '; no chat template' : ''}`,
    `Use it: agon submit FILE --base-model ${model.name}`,
  ].join('\n');
}

/** `135M`, `1.2B`. */
export function formatCount(count: number): string {
  const units = ['', 'k', 'M', 'B'];
  let value = count;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)}${units[unit]}`;
}
