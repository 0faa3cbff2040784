import {
  AppError,
  type BaseModelFacts,
  type CreateJob,
  type TaskName,
  type TextLimits,
  taskTable,
} from '@agon/contracts';
import { textLimitsOf } from '@agon/domain';
import type { ResolvedBaseModel } from '../base-models/resolve-type.ts';
import type { RouteDeps } from '../deps.ts';

/** What a text job starts from and its bounds; both null for tables. */
export type ChosenBaseModel = {
  readonly base: ResolvedBaseModel | null;
  readonly text: TextLimits | null;
};

/**
 * Resolves a job's base model and checks that it suits the task.
 *
 * @throws AppError as `ResolveBaseModel`, and `base_model_unsuitable`, `invalid_request`.
 */
export async function chooseBaseModel(
  deps: Pick<RouteDeps, 'resolveBaseModel'>,
  { task, spec, signal }: { task: TaskName; spec: CreateJob; signal: AbortSignal },
): Promise<ChosenBaseModel> {
  if (taskTable[task].data !== 'text') return { base: null, text: null };
  const maxTokens = spec.text.max_tokens;
  if (spec.base_model === undefined) return { base: null, text: textLimitsOf({ maxTokens }) };
  const question = { name: spec.base_model, task, budgetMinutes: spec.budget.minutes, signal };
  const base = await deps.resolveBaseModel(question);
  checkFacts(task, base.model);
  const { facts } = base.model;
  if (maxTokens !== undefined && maxTokens > facts.context_tokens) {
    const message = `text.max_tokens: ${base.model.name} reads at most ${facts.context_tokens} tokens`;
    throw new AppError('invalid_request', message, { param: 'text.max_tokens' });
  }
  return { base, text: textLimitsOf({ maxTokens, base: facts }) };
}

const kindOf = (task: TaskName): BaseModelFacts['kind'] => (task === 'text-classification' ? 'encoder' : 'causal');
const kinds = { causal: 'answers (a causal language model)', encoder: 'reads as a whole (an encoder, such as BERT)' };

/** @throws AppError `base_model_unsuitable` */
function checkFacts(task: TaskName, { name, facts }: ResolvedBaseModel['model']): void {
  const kind = kindOf(task);
  if (facts.kind !== kind) {
    const message = `${task} needs a model that ${kinds[kind]}; ${name} (${facts.architecture}) is one that ${kinds[facts.kind]}.`;
    throw new AppError('base_model_unsuitable', message, { param: 'base_model' });
  }
  if (kind === 'encoder' || facts.has_chat_template) return;
  const message = `${name} has no chat template, so it is not known how it reads turns; pick a model that was made to chat (often named “Instruct”).`;
  throw new AppError('base_model_unsuitable', message, { param: 'base_model' });
}
