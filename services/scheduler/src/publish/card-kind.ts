import type { SubmissionFormat } from '@agon/contracts';
import type { BaseModelRecord } from '@agon/store';
import type { JudgedJob } from './judged-job.ts';

/** What a model card is made of. */
export type CardInput = {
  readonly job: JudgedJob;
  readonly id: string;
  readonly name: string;
  readonly format: SubmissionFormat;
  /** The path of the ONNX file that the miner handed in. */
  readonly modelPath: string;
  /** What a text job started from. */
  readonly base: BaseModelRecord | null;
  /** The paths of the model's files. */
  readonly paths: ReadonlySet<string>;
  /** `org/name` of the repo that the card is for. */
  readonly repo: string;
  /** Where the service that made it is reached; null where it is not known. */
  readonly service: string | null;
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

/** Where the card sends its reader; a name to replace where the service does not know its own address. */
export const addressOf = ({ service }: Pick<CardInput, 'service'>): string => service ?? 'https://your-agon.example';

/** Whether the model has the form that transformers.js runs. */
export const hasOnnxForm = ({ paths }: Pick<CardInput, 'paths'>): boolean => paths.has('onnx/model.onnx');

/** Fenced code in Markdown. */
export const fenced = (language: string, code: string): string => `\`\`\`${language}\n${code}\n\`\`\``;
