import { addressOf, type CardInput, fenced, hasOnnxForm } from './card-kind.ts';
import { literal } from './chat-usage.ts';
import { javascriptUsage } from './javascript-usage.ts';

/** How to ask an encoder that classifies texts, in Python, in JavaScript and over HTTP. */
export const classifyUsage = (input: CardInput): string[] => [
  `### Python\n\n\`pip install transformers torch\`\n\n${fenced('python', python(input))}`,
  ...(hasOnnxForm(input) ? [withoutTorch(input), javascript(input)] : []),
  `### HTTP\n\nAt the service that made it:\n\n${fenced('sh', curl(input))}`,
];

const tokensMax = ({ job }: CardInput): number => job.text?.max_tokens ?? 512;

const python = (input: CardInput): string => `from transformers import pipeline

classify = pipeline("text-classification", ${literal(input.repo)})  # or the folder that it was downloaded to
print(classify("Some text to classify.", truncation=True, max_length=${tokensMax(input)}))`;

const withoutTorch = (
  input: CardInput,
): string => `Without PyTorch, in the folder that it was downloaded to; \`pip install onnxruntime tokenizers\`:

${fenced(
  'python',
  `import json

import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

labels = json.load(open("config.json", encoding="utf-8"))["id2label"]
tokenizer = Tokenizer.from_file("tokenizer.json")
tokenizer.enable_truncation(${tokensMax(input)})
session = ort.InferenceSession("onnx/model.onnx")
encoded = tokenizer.encode("Some text to classify.")
feeds = {"input_ids": encoded.ids, "attention_mask": encoded.attention_mask, "token_type_ids": encoded.type_ids}
feeds = {each.name: np.array([feeds[each.name]], dtype=np.int64) for each in session.get_inputs()}
logits = session.run(["logits"], feeds)[0][0]
print(labels[str(logits.argmax())])`,
)}`;

const javascript = (input: CardInput): string =>
  javascriptUsage(
    input,
    `const classify = await pipeline('text-classification', '${input.repo}');
console.log(await classify('Some text to classify.'));`,
  );

const curl = (input: CardInput): string => `curl ${addressOf(input)}/v1/models/${input.id}/predict \\
  -H "authorization: Bearer $AGON_API_KEY" -H 'content-type: application/json' \\
  -d '{"rows": [{"text": "Some text to classify."}]}'`;
