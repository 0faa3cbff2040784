import { access } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ModelFile, ReceiptBody } from '@agon/contracts';
import { inside } from '@agon/kit';
import { CommandError } from '../context.ts';
import { scoreLanguage } from '../score/score-language.ts';
import { fileFault } from './check-model.ts';
import { reportPart } from './report-part.ts';
import { winnerFiles } from './winner-files.ts';

export type LanguageEvidence = {
  readonly dataset: string;
  readonly model: string;
  readonly base: string;
  readonly format: 'onnx' | 'peft-lora' | 'hf-checkpoint';
};

type Local = { readonly path: string; readonly localPath: string };

/**
 * The score of an adapter or checkpoint on the report rows, measured as the evaluator does it.
 *
 * @throws CommandError where the base model's files are not those of the receipt; OnnxRejection where the model is at fault.
 */
export async function rescoreLanguage(body: ReceiptBody, at: LanguageEvidence): Promise<number> {
  const base = await baseFiles(body, at.base);
  return scoreLanguage({
    task: body.job.task,
    metric: body.job.objective.metric,
    table: body.table,
    text: body.text ?? null,
    format: at.format,
    part: await reportPart(body, at.dataset),
    base,
    files: await submitted(body, at),
  });
}

/** The base model's files by name, each with the hash that the receipt has. @throws CommandError */
async function baseFiles(body: ReceiptBody, folder: string): Promise<Local[]> {
  const files = body.base_model?.files ?? [];
  const faults = (await Promise.all(files.map((file) => fileFault(file, inside(folder, file.path))))).flat();
  if (faults.length === 0) return files.map(({ path }) => ({ path, localPath: inside(folder, path) }));
  const name = `${body.base_model?.name} (revision ${body.base_model?.revision})`;
  throw new CommandError(`${folder} is not the base model ${name}: ${faults.join(', ')}.`);
}

/** What the winner committed, by the names that a scorer wants. */
async function submitted(body: ReceiptBody, at: LanguageEvidence): Promise<Local[]> {
  const wanted = ({ path }: ModelFile): boolean => /\.(safetensors|json)$/.test(path);
  const found = winnerFiles(body)
    .files.filter(wanted)
    .map(async ({ path }) => {
      const moved = inside(at.model, `submission/${path}`);
      const isMoved = await access(moved).then(
        () => true,
        () => false,
      );
      return { path: basename(path), localPath: isMoved ? moved : inside(at.model, path) };
    });
  return Promise.all(found);
}
