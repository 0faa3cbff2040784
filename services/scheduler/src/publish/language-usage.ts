import type { CardInput } from './card-kind.ts';

/** How to use an adapter or weights in Python. The programs read `example.json` beside them. */
export function languageUsage(input: CardInput): string {
  const install = input.format === 'peft-lora' ? 'peft transformers torch' : 'transformers torch';
  const own = 'Tokenizer and chat template in this folder are the base model’s; the scores were measured with them.';
  return `## How to use

${own}${adapterNote(input)}

Python, \`pip install ${install}\`:

\`\`\`python
${input.job.task === 'text-classification' ? classify : chat(input)}
\`\`\``;
}

const adapterNote = ({ format, base }: CardInput): string =>
  format === 'peft-lora' && base
    ? ` The adapter needs the base model: from the hub, or a folder with the same files (\`agon.json\` has their hashes).`
    : '';

function chat({ format, base }: CardInput): string {
  const adapter = format === 'peft-lora';
  const load = adapter
    ? `base = AutoModelForCausalLM.from_pretrained(${place(base)})  # or the path of a folder
model = PeftModel.from_pretrained(base, ".")`
    : 'model = AutoModelForCausalLM.from_pretrained(".")';
  return `import json

${adapter ? 'from peft import PeftModel\n' : ''}from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(".")
${load}
for messages in json.load(open("example.json", encoding="utf-8"))["prompts"]:
    inputs = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_dict=True, return_tensors="pt"
    )
    output = model.generate(**inputs, max_new_tokens=128, do_sample=False)
    print(messages[-1]["content"])
    print("→", tokenizer.decode(output[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True))`;
}

const classify = `import json

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

schema = json.load(open("schema.json", encoding="utf-8"))
texts = [row["text"] for row in json.load(open("example.json", encoding="utf-8"))["rows"]]
tokenizer = AutoTokenizer.from_pretrained(".")
model = AutoModelForSequenceClassification.from_pretrained(".")
inputs = tokenizer(texts, padding=True, truncation=True, max_length=schema["text"]["max_tokens"], return_tensors="pt")
with torch.no_grad():
    probabilities = model(**inputs).logits.softmax(dim=-1)
print([schema["table"]["classes"][index] for index in probabilities.argmax(dim=-1).tolist()])`;

/** What names the base model on the hub; a model that was imported may have a revision that only the service knows. */
function place(base: CardInput['base']): string {
  const name = python(base?.name ?? '');
  return base?.source === 'hub' ? `${name}, revision=${python(base.revision)}` : name;
}

/** A Python string literal: that of JSON is one. */
const python = (text: string): string => JSON.stringify(text);
