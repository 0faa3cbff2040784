// OPENAI_BASE_URL=http://127.0.0.1:8080/v1 OPENAI_API_KEY=… node fine-tune.mjs rows.jsonl org/base-model
import { createReadStream } from 'node:fs';
import OpenAI from 'openai';

const [path, model] = process.argv.slice(2);
const client = new OpenAI();
const { id: training_file } = await client.files.create({ file: createReadStream(path), purpose: 'fine-tune' });
const metadata = { agon_minutes: '1', agon_seats: '2' };
let job = await client.fineTuning.jobs.create({ model, training_file, metadata });
while (!['succeeded', 'failed', 'cancelled'].includes(job.status)) {
  await new Promise((resolve) => setTimeout(resolve, 1000));
  job = await client.fineTuning.jobs.retrieve(job.id);
}
for await (const event of client.fineTuning.jobs.listEvents(job.id)) console.error(event.level, event.message);
if (job.status !== 'succeeded') throw new Error(job.error?.message ?? job.status);
console.error('winner', job.fine_tuned_model);
const messages = [{ role: 'user', content: 'What does it mean to reign?' }];
const request = { model: job.fine_tuned_model, messages, max_tokens: 40, stream: true };
for await (const chunk of await client.chat.completions.create(request)) {
  process.stdout.write(chunk.choices[0]?.delta.content ?? '');
}
process.stdout.write('\n');
