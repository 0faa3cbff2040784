// Fine-tune a small language model and talk to the winner, with OpenAI's own SDK. README.md says what runs beside it.
import { createReadStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI from 'openai';

const client = new OpenAI(); // reads OPENAI_BASE_URL and OPENAI_API_KEY
const dataset = new URL('../datasets/dictionary/dictionary.jsonl', import.meta.url);
const file = await client.files.create({ file: createReadStream(dataset), purpose: 'fine-tune' });
const metadata = { agon_minutes: '1', agon_seats: '2' };
let job = await client.fineTuning.jobs.create({
  ...{ model: 'agon/agon-tiny', training_file: file.id, suffix: 'dictionary', metadata },
});
for (; !job.finished_at; job = await client.fineTuning.jobs.retrieve(job.id)) {
  const { data } = await client.fineTuning.jobs.listEvents(job.id, { limit: 1 });
  console.error(`${job.id} ${job.status}: ${data[0]?.message}`);
  await sleep(2_000);
}
if (!job.fine_tuned_model) throw new Error(`${job.status}: ${job.error?.message}`);
const answer = await client.chat.completions.create({
  model: job.fine_tuned_model,
  messages: [{ role: 'user', content: "What does 'firm' mean?" }],
  max_tokens: 60,
});
console.log(`${job.fine_tuned_model}\n${answer.choices[0].message.content}`);
