import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A trainer that needs no training: it hands in files that lie beside it. */
const program = `
import { cpSync } from 'node:fs';
console.log(JSON.stringify({ step: 1, steps: 1, loss: 3 }));
cpSync('out', process.env.AGON_JOB + '/out', { recursive: true });
`;

const adapter = { format: 'peft-lora', files: ['adapter_config.json', 'adapter_model.safetensors'] };
const checkpoint = { format: 'hf-checkpoint', files: ['config.json', 'model.safetensors'] };

/** Makes a template for chats from a winner that was pulled, so that another race over the same data takes seconds. */
export async function writeTrainedTemplate(
  templates: string,
  { name, pulled, files }: { name: string; pulled: string; files: readonly string[] },
): Promise<void> {
  const home = join(templates, name);
  await mkdir(join(home, 'out'), { recursive: true });
  const submission = files.includes('adapter_config.json') ? adapter : checkpoint;
  for (const file of submission.files) await copyFile(join(pulled, file), join(home, 'out', file));
  await writeFile(join(home, 'out', 'submission.json'), JSON.stringify(submission));
  await writeFile(join(home, 'train.mjs'), program);
  const manifest = {
    ...{ name, version: '1.0.0', summary: 'A model that was there before.', tasks: ['chat'], base_model: true },
    command: [process.execPath, 'train.mjs'],
    needs: { cpus: 0.1, memory_mib: 64, vram_mib: 0 },
  };
  await writeFile(join(home, 'template.json'), JSON.stringify(manifest));
}
