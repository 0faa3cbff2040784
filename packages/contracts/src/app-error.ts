import { type ErrorCode, errorTable } from './error-table.ts';

/** Facts that travel with an error to the reader: the field, the problems of a dataset, a time to wait. */
export type ErrorFacts = {
  readonly param?: string;
  readonly problems?: readonly unknown[];
  readonly retryAfterSeconds?: number;
  readonly allow?: string;
};

/** A refusal with a code of the error table and a sentence that says what to do. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'AppError';
    this.code = code;
    this.facts = facts;
  }

  get status(): number {
    return errorTable[this.code].status;
  }

  /** An expected error will not pass on a later try, so no queue may try it again. */
  get expected(): boolean {
    return this.status < 500;
  }
}
