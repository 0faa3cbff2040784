import type { SubmissionFormat } from '@agon/contracts';
import type { BaseModelRecord } from '@agon/store';
import type { JudgedJob } from './judged-job.ts';

/** What a model card is made of. */
export type CardInput = {
  readonly job: JudgedJob;
  readonly id: string;
  readonly name: string;
  readonly format: SubmissionFormat;
  /** The path of the ONNX file in the model's files. */
  readonly modelPath: string;
  /** What a text job started from. */
  readonly base: BaseModelRecord | null;
};

/** What differs between the cards of tables and those of language models. */
export type CardKind = {
  /** Of the metadata, as the Hugging Face hub reads it. */
  metadata(input: CardInput): {
    license: string;
    library_name: string;
    pipeline_tag: string;
    tags: string[];
    [key: string]: unknown;
  };
  /** What kind of data the scores are of: `tabular`, `text`. */
  readonly dataKind: string;
  /** A sentence that begins with “This model”. */
  what(input: CardInput): string;
  /** Paragraphs and tables behind the number of rows. */
  data(input: CardInput): string[];
  usage(input: CardInput): string;
};
