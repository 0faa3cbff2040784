import { type CardInput, fenced } from './card-kind.ts';
import { remoteHost } from './get-model.ts';

/** What the reader's program imports; ours does not. */
const transformersJs = '@huggingface/transformers';

/** How to ask a model that transformers.js runs. @param lines what follows the import and the address of the service */
export const javascriptUsage = (input: CardInput, lines: string): string => `### JavaScript

\`npm install ${transformersJs}\`; runs in Node and in browsers. On Linux \`ONNXRUNTIME_NODE_INSTALL=skip\` before it leaves out the
libraries of CUDA.

${fenced('js', `import { env, pipeline } from ${JSON.stringify(transformersJs)};\n\n${remoteHost(input)}\n${lines}`)}`;
