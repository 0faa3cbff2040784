import type { NamedBaseModel } from '@agon/base-models';
import type { TaskName } from '@agon/contracts';

export type BaseModelQuestion = {
  /** `org/name`, `org/name@revision`, or `auto`. */
  readonly name: string;
  /** What `auto` must suit. */
  readonly task: TaskName;
  readonly budgetMinutes: number;
  readonly signal: AbortSignal;
};

/** `why` is the reason of `auto`, null where the client named the model. */
export type ResolvedBaseModel = { readonly model: NamedBaseModel; readonly why: string | null };

/**
 * Finds what a job starts from: in the store, else on the hub; its weights may be fetched later, while the job prepares.
 * That it suits the task is checked by the caller.
 *
 * @throws AppError `base_model_not_found`, `base_model_unavailable`, `base_model_too_large`, `base_model_unsuitable`
 */
export type ResolveBaseModel = (question: BaseModelQuestion) => Promise<ResolvedBaseModel>;
