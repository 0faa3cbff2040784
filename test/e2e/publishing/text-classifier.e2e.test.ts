import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { numbersFrom } from '../harness/dataset.ts';
import { askProgram, runAgon } from '../harness/programs.ts';
import { startService, type TestService, untilEnd } from '../harness/service.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const python = process.env.AGON_PYTHON;
const kinds = { fruit: ['apple', 'pear', 'plum'], colour: ['red', 'green', 'blue'], beast: ['cat', 'dog', 'cow'] };
const fillers = ['the', 'a', 'is', 'was', 'very', 'here', 'there', 'and', 'of', 'we', 'saw', 'some'];
const texts = ['we saw a cow', 'the plum is here', 'some of the blue and blue was there', 'cat'];

/** Short texts whose class follows from one of their words. */
function someTexts(rows: number): { text: string; label: string }[] {
  const next = numbersFrom(5);
  const pick = (words: readonly string[]): string => words[Math.floor(next() * words.length)] ?? '';
  return Array.from({ length: rows }, () => {
    const label = pick(Object.keys(kinds)) as keyof typeof kinds;
    const words = Array.from({ length: 3 + Math.floor(next() * 5) }, () => pick(fillers));
    words.splice(Math.floor(next() * words.length), 0, pick(kinds[label]));
    return { text: words.join(' '), label };
  });
}

type Label = { label: string; score: number };
const sorted = (labels: readonly Label[]): Label[] =>
  labels.toSorted((left, right) => (left.label < right.label ? -1 : 1));

describe.skipIf(python === undefined)('the winner of a race to classify texts', () => {
  let service: TestService;
  let pulled: string;

  beforeAll(async () => {
    service = await startService();
    const rows = someTexts(900);
    const [base, trained] = [join(service.folder, 'tiny-bert'), join(service.folder, 'trained')];
    const words = [...fillers, ...Object.values(kinds).flat()];
    await askProgram([python ?? '', here('../clients/tiny_encoder.py'), base, trained], { words, rows });
    const imported = await runAgon(service.folder, ['models', 'import', base, '--name', 'agon/tiny-bert']);
    expect(imported).toMatchObject({ exitCode: 0 });
    const jsonl = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    const file = await service.client.files.create(new Blob([jsonl]), 'kinds.jsonl');
    const { id } = await service.client.jobs.create({
      training_file: file.id,
      task: 'text-classification',
      target: 'label',
      base_model: 'agon/tiny-bert',
      budget: { minutes: 10, seats: 1 },
    });
    const handIn = ['mine', 'submit-folder', trained, '--job', id, '--name', 'ada'];
    expect(await runAgon(service.folder, handIn)).toMatchObject({ exitCode: 0 });
    const { job } = await untilEnd(service.client, id);
    expect(job).toMatchObject({ status: 'succeeded' });
    pulled = join(service.folder, 'pulled');
    expect(await runAgon(service.folder, ['pull', job.model ?? '', '--to', pulled])).toMatchObject({ exitCode: 0 });
  });
  afterAll(() => service?.stop());

  test('says the same in transformers.js as in transformers, in the job’s own classes', async () => {
    const asks = [{ mode: 'classify', place: pulled }];
    const [expected = []] = await askProgram<Label[][][]>([python ?? '', here('../clients/published_answers.py')], {
      asks,
      texts,
    });
    const found = await askProgram<Label[][]>(
      [process.execPath, here('../clients/published-answers.mjs'), 'classify', pulled],
      { texts },
    );
    expect(found).toHaveLength(texts.length);
    for (const [row, labels] of found.entries()) {
      const wanted = sorted(expected[row] ?? []);
      expect(sorted(labels).map(({ label }) => label)).toEqual(['beast', 'colour', 'fruit']);
      expect(wanted.map(({ label }) => label)).toEqual(['beast', 'colour', 'fruit']);
      for (const [index, { score }] of sorted(labels).entries())
        expect(score).toBeCloseTo(wanted[index]?.score ?? 0, 4);
    }
    const best = found.map((labels) => labels.toSorted((left, right) => right.score - left.score)[0]?.label);
    expect(best).toEqual(['beast', 'fruit', 'colour', 'beast']);
  });

  test('keeps what the miner handed in beside what strangers read', async () => {
    const config = JSON.parse(await readFile(join(pulled, 'config.json'), 'utf8'));
    expect(config['transformers.js_config']).toMatchObject({ use_external_data_format: { 'model.onnx': 1 } });
    const verified = await runAgon(service.folder, ['verify', join(pulled, 'agon.json'), '--model', pulled]);
    expect(verified).toMatchObject({ exitCode: 0 });
  });
});
