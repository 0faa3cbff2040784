/**
 * What the unmodified transformers.js makes of a published model: `published-answers.mjs chat|classify PLACE`; reads JSON from
 * stdin, prints JSON. PLACE is a folder, or a repo of the hub in HF_ENDPOINT. `alone` are the answers to each
 * conversation, `together` those to all of them in one batch.
 */
import { basename, dirname, isAbsolute } from 'node:path';
import { env, pipeline } from '@huggingface/transformers';

const [mode, place] = process.argv.slice(2);
const isFolder = isAbsolute(place);
env.allowRemoteModels = !isFolder;
env.cacheDir = process.env.AGON_CACHE ?? env.cacheDir;
if (isFolder) env.localModelPath = dirname(place);
else {
  env.allowLocalModels = false;
  env.remoteHost = `${process.env.HF_ENDPOINT}/`;
  const authorization = `Bearer ${process.env.HF_TOKEN}`;
  env.fetch = (url, init) =>
    fetch(url, { ...init, headers: { ...Object.fromEntries(new Headers(init?.headers)), authorization } });
}
const name = isFolder ? basename(place) : place;
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const asked = JSON.parse(Buffer.concat(chunks).toString());
if (mode === 'classify') {
  const classify = await pipeline('text-classification', name);
  console.log(JSON.stringify(await classify(asked.texts, { top_k: null })));
} else {
  const generator = await pipeline('text-generation', name);
  const options = { max_new_tokens: asked.tokens, do_sample: false };
  const textOf = (output) => output[0].generated_text.at(-1).content;
  const together = (await generator(asked.conversations, options)).map(textOf);
  const alone = [];
  for (const conversation of asked.conversations) alone.push(textOf(await generator(conversation, options)));
  console.log(JSON.stringify({ alone, together }));
}
