import { limits as bounds } from '@agon/contracts';
import type { LanguageScorer } from '@agon/language';
import { OnnxRejection } from '@agon/onnx';
import type { SubmissionRecord } from '@agon/store';
import type { EvaluatorDeps } from '../evaluator-deps.ts';
import { submittedFiles } from './submitted-files.ts';
import type { PreparedJob } from './task-module.ts';
import type { HiddenParts } from './with-scorer.ts';

export type PartNats = { readonly selection: Float64Array; readonly report: Float64Array };

/** The files of peft's layout that are read. */
export const adapterFiles = {
  anchor: 'adapter_config.json',
  wanted: (name: string) => name === 'adapter_config.json' || name === 'adapter_model.safetensors',
};

/** The files of a checkpoint in Hugging Face's layout that are read. */
export const checkpointFiles = {
  anchor: 'config.json',
  wanted: (name: string) =>
    name === 'config.json' || name === 'model.safetensors.index.json' || /^[^/]+\.safetensors$/.test(name),
};

/**
 * Checks a submission that changes a language model, and scores the hidden parts with it.
 *
 * @throws OnnxRejection where the submission is at fault; Error where the service is.
 */
export async function submissionNats(
  deps: EvaluatorDeps,
  input: { job: PreparedJob; submission: SubmissionRecord; scorer: LanguageScorer; parts: HiddenParts },
): Promise<PartNats> {
  const { job, submission, scorer, parts } = input;
  const sets = [parts.selection, parts.report];
  const [selection, report] = await natsOf();
  if (!selection || !report) throw new Error('The scorer left a part out.');
  return { selection, report };

  async function natsOf(): Promise<Float64Array[]> {
    if (submission.format === 'peft-lora') {
      const files = await submittedFiles(deps, submission, adapterFiles);
      return scorer.scoreAdapter(files, sets, { rankMax: job.text?.lora_rank_max ?? bounds.loraRankMax });
    }
    if (submission.format === 'hf-checkpoint') {
      return scorer.scoreCheckpoint(await submittedFiles(deps, submission, checkpointFiles), sets);
    }
    throw new OnnxRejection(
      'format_not_accepted',
      `The task ${job.task} does not take the format ${submission.format}.`,
    );
  }
}
