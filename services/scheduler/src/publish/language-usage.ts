import type { CardInput } from './card-kind.ts';
import { chatUsage } from './chat-usage.ts';
import { classifyUsage } from './classify-usage.ts';
import { getModel } from './get-model.ts';

/** How to use an adapter or weights. */
export function languageUsage(input: CardInput): string {
  const usage = input.job.task === 'text-classification' ? classifyUsage(input) : chatUsage(input);
  const own = 'Tokenizer and chat template in this repo are the base model’s; the scores were measured with them.';
  const example = input.job.task === 'text-classification' ? 'texts' : 'prompts';
  return [
    '## How to use',
    `${own}${adapterNote(input)} \`example.json\` has ${example} of the training data to try.`,
    getModel(input),
    ...usage,
  ].join('\n\n');
}

const adapterNote = ({ format, base }: CardInput): string =>
  format === 'peft-lora' && base
    ? ' The adapter needs the base model: from the hub, or a folder with the same files (`agon.json` has their hashes).'
    : '';
