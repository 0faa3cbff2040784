import type { TaskName } from '@agon/contracts';
import type { BaseModelRecord } from '@agon/store';

export type BaseModelQuestion = {
  /** `org/name`, `org/name@revision`, or `auto`. */
  readonly name: string;
  /** What `auto` must suit. */
  readonly task: TaskName;
  readonly budgetMinutes: number;
  readonly signal: AbortSignal;
};

/** `why` is the reason of `auto`, null where the client named the model. */
export type ResolvedBaseModel = { readonly model: BaseModelRecord; readonly why: string | null };

/**
 * Finds what a job starts from: in the store, else on the hub. That it suits the task is checked by the caller.
 *
 * @throws AppError `base_model_not_found`, `base_model_unavailable`, `base_model_too_large`, `base_model_unsuitable`
 */
export type ResolveBaseModel = (question: BaseModelQuestion) => Promise<ResolvedBaseModel>;
