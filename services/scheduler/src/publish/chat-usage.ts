import { mergedFolder, mergedRepoOf } from '@agon/contracts';
import { addressOf, type CardInput, fenced, hasOnnxForm } from './card-kind.ts';
import { javascriptUsage } from './javascript-usage.ts';

/** How to ask an adapter or the weights of a language model, in Python, in JavaScript and over HTTP. */
export const chatUsage = (input: CardInput): string[] => [
  `### Python\n\n\`pip install ${input.format === 'peft-lora' ? 'peft transformers torch' : 'transformers torch'}\`\n\n${fenced('python', python(input))}`,
  ...(isMerged(input) ? [merged(input)] : []),
  ...(hasOnnxForm(input) ? [javascript(input)] : []),
  `### HTTP\n\nAt the service that made it:\n\n${fenced('sh', curl(input))}`,
];

const isMerged = ({ paths }: CardInput): boolean => paths.has(`${mergedFolder}config.json`);

function python({ format, base, repo }: CardInput): string {
  const adapter = format === 'peft-lora';
  const load = adapter
    ? `base = AutoModelForCausalLM.from_pretrained(${place(base)})
model = PeftModel.from_pretrained(base, repo)`
    : 'model = AutoModelForCausalLM.from_pretrained(repo)';
  return `${adapter ? 'from peft import PeftModel\n' : ''}from transformers import AutoModelForCausalLM, AutoTokenizer

repo = ${literal(repo)}  # or the folder that it was downloaded to
tokenizer = AutoTokenizer.from_pretrained(repo)
${load}
messages = [{"role": "user", "content": "Hello! What can you do?"}]
inputs = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True, return_tensors="pt")
output = model.generate(**inputs, max_new_tokens=128, do_sample=False)
print(tokenizer.decode(output[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True))`;
}

const merged = ({ repo }: CardInput): string =>
  `The same model without peft, the adapter merged into the weights, is the repo \`${mergedRepoOf(repo)}\` beside this one:
\`AutoModelForCausalLM.from_pretrained("${mergedRepoOf(repo)}")\`.`;

const javascript = (input: CardInput): string =>
  javascriptUsage(
    input,
    `const generator = await pipeline('text-generation', '${input.repo}');
const messages = [{ role: 'user', content: 'Hello! What can you do?' }];
const [{ generated_text }] = await generator(messages, { max_new_tokens: 128, do_sample: false });
console.log(generated_text.at(-1).content);`,
  );

const curl = (input: CardInput): string => `curl ${addressOf(input)}/v1/chat/completions \\
  -H "authorization: Bearer $AGON_API_KEY" -H 'content-type: application/json' \\
  -d '{"model": "${input.id}", "messages": [{"role": "user", "content": "Hello! What can you do?"}]}'`;

/** What names the base model on the hub; a model that was imported may have a revision that only the service knows. */
function place(base: CardInput['base']): string {
  const name = literal(base?.name ?? '');
  return base?.source === 'hub' ? `${name}, revision=${literal(base.revision)}` : name;
}

/** A Python string literal: that of JSON is one. */
export const literal = (text: string): string => JSON.stringify(text);
