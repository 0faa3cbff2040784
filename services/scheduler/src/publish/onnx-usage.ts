import { addressOf, type CardInput } from './card-kind.ts';
import { getModel } from './get-model.ts';
import type { TableJob } from './judged-job.ts';

/** What the reader's program imports; ours does not. */
const nodeRuntime = 'onnxruntime-node';

/** How to use the model in Python, in Node and over HTTP. The programs read `schema.json` and `example.json` beside it. */
export function onnxUsage(input: CardInput, job: TableJob): string {
  const { id, modelPath } = input;
  const classes = job.table.classes !== null;
  return `## How to use

${getModel(input)}

The programs below run in that folder. Numbers go in as float32 \`[N, 1]\`, a missing one as NaN; all other columns as strings \`[N, 1]\`, a missing one as the empty
string. ${classes ? 'The output `probabilities` is float32 `[N, classes]`.' : 'The output `prediction` is float32, one number a row.'}

### Python

\`pip install onnxruntime numpy\`

\`\`\`python
${python(modelPath, classes)}
\`\`\`

### JavaScript

\`npm install ${nodeRuntime}\`; on Linux \`ONNXRUNTIME_NODE_INSTALL=skip npm install ${nodeRuntime}\` leaves out the libraries of CUDA.

\`\`\`js
${node(modelPath, classes)}
\`\`\`

### HTTP

At the service that made it:

\`\`\`sh
curl ${addressOf(input)}/v1/models/${id}/predict \\
  -H "authorization: Bearer $AGON_API_KEY" -H 'content-type: application/json' -d @example.json
\`\`\``;
}

const python = (modelPath: string, classes: boolean): string => `import json

import numpy as np
import onnxruntime as ort

schema = json.load(open("schema.json", encoding="utf-8"))
rows = json.load(open("example.json", encoding="utf-8"))["rows"]
session = ort.InferenceSession("${modelPath}")
used = {model_input.name for model_input in session.get_inputs()}
feeds = {}
for column in schema["table"]["columns"]:
    if column["input"] not in used:
        continue
    values = [row.get(column["name"]) for row in rows]
    if column["kind"] == "number":
        array = np.array([np.nan if value is None else value for value in values], dtype=np.float32)
    else:
        array = np.array(["" if value is None else str(value) for value in values], dtype=object)
    feeds[column["input"]] = array.reshape(-1, 1)
${
  classes
    ? `probabilities = session.run(["probabilities"], feeds)[0]
print([schema["table"]["classes"][index] for index in probabilities.argmax(axis=1)])`
    : `print(session.run(["prediction"], feeds)[0].ravel())`
}`;

const node = (modelPath: string, classes: boolean): string => `import { readFile } from 'node:fs/promises';
import ort from ${JSON.stringify(nodeRuntime)};

const { table } = JSON.parse(await readFile('schema.json', 'utf8'));
const { rows } = JSON.parse(await readFile('example.json', 'utf8'));
const session = await ort.InferenceSession.create('${modelPath}');
const feeds = {};
for (const { name, input, kind } of table.columns) {
  if (!session.inputNames.includes(input)) continue;
  const values = rows.map((row) => row[name] ?? null);
  feeds[input] =
    kind === 'number'
      ? new ort.Tensor('float32', Float32Array.from(values, (value) => value ?? Number.NaN), [rows.length, 1])
      : new ort.Tensor('string', values.map((value) => (value === null ? '' : String(value))), [rows.length, 1]);
}
${
  classes
    ? `const { probabilities } = await session.run(feeds, ['probabilities']);
const width = table.classes.length;
for (let row = 0; row < rows.length; row += 1) {
  const chances = [...probabilities.data.slice(row * width, (row + 1) * width)];
  console.log(table.classes[chances.indexOf(Math.max(...chances))], chances);
}`
    : `const { prediction } = await session.run(feeds, ['prediction']);
console.log([...prediction.data]);`
}`;
