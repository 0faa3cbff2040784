import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Predict, Prediction, Push } from '@agon/contracts';
import { addCommand, type Register } from '../command.ts';
import { answer, CommandError, type Context, clientOf, type SharedOptions } from '../context.ts';
import { pullModel } from '../pull-model.ts';
import { readRows } from '../read-rows.ts';
import { formatBytes, formatNumber, formatScore, renderTable } from '../terminal/table.ts';
import { addImport, listBaseModels } from './base-models.ts';

type Row = Predict['rows'][number];
/** Few enough that long texts are done in the time that a request has. */
const rowsPerRequest = 500;

/** `agon models`, `models import`, `models delete`, `pull`, `predict`. */
export const registerModels: Register = (program, context) => {
  const models = addCommand(program, {
    usage: 'models',
    summary: 'list published winners, or the models that jobs may start from; `models import` brings one of those in',
    examples: ['models', 'models --json', 'models --base'],
  }).option('--base', 'list base models');
  models.enablePositionalOptions();
  addImport(models, context);
  models.action(async (options: SharedOptions & { base?: boolean }) => {
    if (options.base) return listBaseModels(context, options);
    const page = await (await clientOf(context, options)).models.list({ limit: 100 });
    const rows = page.data.map((model) => [
      model.id,
      model.name,
      model.task,
      model.result.metric,
      formatScore(model.result.report),
      formatBytes(model.files.reduce((sum, file) => sum + file.bytes, 0)),
      model.repo ?? '',
      model.pushes
        .filter(({ where }) => where === 'hub')
        .map(pushCell)
        .join(', '),
    ]);
    const header = ['model', 'name', 'task', 'metric', 'score [95 %]', 'size', 'repo', 'pushed to'];
    answer(context, options, {
      json: page,
      text: () => (rows.length === 0 ? 'No models yet.' : renderTable(header, rows)),
    });
  });
  addCommand(models, {
    usage: 'delete <model>',
    summary: 'delete a winner and its repo in the registry; copies on other hubs stay',
    examples: ['models delete model_01abc…'],
  }).action(async (model: string, options: SharedOptions) => {
    const deleted = await (await clientOf(context, options)).models.delete(model);
    answer(context, options, { json: deleted, text: () => `${deleted.id} deleted` });
  });
  addCommand(program, {
    usage: 'pull <model>',
    summary: 'download a winner with its card and receipt; goes on where an earlier pull ended',
    examples: ['pull model_01abc…', 'pull model_01abc… --to ./churn', 'pull acme/churn-3f9k2m'],
  })
    .option('--to <folder>', 'folder to write to (default: the name of the model)')
    .action(async (modelId: string, options: SharedOptions & { to?: string }) => {
      const client = await clientOf(context, options);
      const pulled = await pullModel(client, { modelId, to: options.to, context });
      const text = (): string =>
        `${pulled.files.map((file) => `${file.path}  ${formatBytes(file.bytes)}`).join('\n')}\n→ ${pulled.folder}`;
      answer(context, options, { json: pulled, text });
    });
  addCommand(program, {
    usage: 'predict <model>',
    summary: 'predict rows with a winner',
    examples: [
      'predict model_01abc… --row \'{"age": 31, "city": "Oslo"}\'',
      'predict model_01abc… --rows new.csv --json',
    ],
  })
    .option('--row <json>', 'one row as a JSON object')
    .option('--rows <file>', 'rows as CSV or JSON Lines')
    .action((modelId: string, options: SharedOptions & { row?: string; rows?: string }) =>
      predict(context, modelId, options),
    );
};

/** `acme/churn ✓`; a push that is not done says how it stands. */
const pushCell = ({ repo, status }: Push): string => (status === 'done' ? `${repo} ✓` : `${repo} (${status})`);

async function predict(
  context: Context,
  modelId: string,
  options: SharedOptions & { row?: string; rows?: string },
): Promise<void> {
  const client = await clientOf(context, options);
  const rows = await rowsOf(context, options);
  const data: Prediction[] = [];
  for (let start = 0; start < rows.length; start += rowsPerRequest) {
    data.push(...(await client.models.predict(modelId, { rows: rows.slice(start, start + rowsPerRequest) })).data);
  }
  const text = (): string => data.map(renderPrediction).join('\n');
  answer(context, options, { json: { object: 'list', model: modelId, data }, text });
}

async function rowsOf(context: Context, options: { row?: string; rows?: string }): Promise<Row[]> {
  if (options.row) return [parseRow(options.row)];
  if (!options.rows) throw new CommandError("Give rows with --rows FILE, or one with --row '{…}'.");
  return readRows(await readFile(resolve(context.cwd, options.rows), 'utf8'));
}

function parseRow(text: string): Row {
  try {
    return JSON.parse(text) as Row;
  } catch {
    throw new CommandError('--row is not a JSON object.');
  }
}

function renderPrediction(prediction: Prediction): string {
  if (prediction.label === undefined) return formatNumber(prediction.value);
  const p = prediction.probabilities?.[prediction.label];
  return `${prediction.label}${p === undefined ? '' : `  ${(100 * p).toFixed(1)} %`}`;
}
