import { addressOf, type CardInput, fenced } from './card-kind.ts';

/** How transformers.js is sent to the service; it knows tokens for huggingface.co only. */
export const remoteHost = (
  input: CardInput,
): string => `// At the service that made it; leave both lines out for huggingface.co. The second is for private repos.
env.remoteHost = '${addressOf(input)}/hub/';
env.fetch = (url, init) => fetch(url, { ...init, headers: { authorization: 'Bearer YOUR_API_KEY' } });`;

/** How to fetch the whole repo, with either of the tools that people have. */
export const getModel = (input: CardInput): string => {
  const address = addressOf(input);
  const folder = input.repo.split('/')[1];
  return `### Download

${fenced(
  'sh',
  `HF_ENDPOINT=${address}/hub hf download ${input.repo} --local-dir ${folder}  # the service that made it
hf download ${input.repo} --local-dir ${folder}                              # huggingface.co, where it was pushed there`,
)}

A private repo wants a token: \`hf auth login\`, or \`HF_TOKEN\` in the environment (of the service: \`hf_\` and an API key).`;
};
