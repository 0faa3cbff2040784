import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { logisticModel } from './models.ts';

/** A trainer that needs no Python: reports progress for a while, then hands in a model that lies beside it. */
const program = `
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
const job = process.env.AGON_JOB;
const { deadline_unix } = JSON.parse(readFileSync(job + '/job.json', 'utf8'));
const steps = Number(readFileSync('steps', 'utf8'));
let stopped = false;
process.on('SIGTERM', () => { stopped = true; });
for (let step = 1; step <= steps && !stopped && Date.now() / 1000 < deadline_unix; step += 1) {
  console.log(JSON.stringify({ step, steps, loss: 1 / step }));
  await new Promise((resolve) => setTimeout(resolve, 100));
}
copyFileSync('model.onnx', job + '/out/model.onnx');
writeFileSync(job + '/out/submission.json', JSON.stringify({ format: 'onnx', files: ['model.onnx'] }));
`;

export type QuickTemplate = { name: string; slope: number; steps: number; program?: string };

/** Writes templates for tests into a folder; the slope nearest to 8 is the best model of \`logisticCsv\`. */
export async function writeQuickTemplates(folder: string, templates: readonly QuickTemplate[]): Promise<void> {
  for (const template of templates) {
    const home = join(folder, template.name);
    await mkdir(home, { recursive: true });
    const manifest = {
      name: template.name,
      version: '1.0.0',
      summary: 'A model that was there before.',
      tasks: ['tabular-classification'],
      command: [process.execPath, 'train.mjs'],
      needs: { cpus: 0.1, memory_mib: 64, vram_mib: 0 },
    };
    await writeFile(join(home, 'template.json'), JSON.stringify(manifest));
    await writeFile(join(home, 'train.mjs'), template.program ?? program);
    await writeFile(join(home, 'steps'), String(template.steps));
    await writeFile(join(home, 'model.onnx'), logisticModel(template.slope));
  }
}
