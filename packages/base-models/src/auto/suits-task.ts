import { type BaseModelFacts, type TaskName, taskTable } from '@agon/contracts';

/** Why a task cannot start from a model, or undefined where it can. */
export function unsuitedReason(
  facts: Pick<BaseModelFacts, 'kind' | 'architecture' | 'has_chat_template'>,
  task: TaskName,
): string | undefined {
  if (taskTable[task].baseModel === 'none') return `${task} starts from no base model; leave base_model out.`;
  const wanted = task === 'text-classification' ? 'encoder' : 'causal';
  if (facts.kind !== wanted) {
    const needed = wanted === 'encoder' ? 'an encoder, such as one of the BERT family' : 'a causal language model';
    return `It is ${facts.architecture}; ${task} needs ${needed}.`;
  }
  if (wanted === 'causal' && !facts.has_chat_template) {
    return `It has no chat template, which ${task} needs; take the instruct version of it.`;
  }
  return undefined;
}
