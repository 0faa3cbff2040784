import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OnnxRejection } from '@agon/onnx';
import { z } from 'zod';

const Labels = z.object({ id2label: z.record(z.string().regex(/^\d+$/), z.string()) });

/**
 * Which output of a classifier means which class: the names in its config.json's `id2label` are those of the job.
 *
 * @param folder of a checkpoint whose config.json was read before.
 * @returns the output of each class
 * @throws OnnxRejection `outputs_wrong` where the names differ.
 */
export async function classOrder(folder: string, classes: readonly string[]): Promise<number[]> {
  const parsed = Labels.safeParse(JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')));
  const outputs = new Map(Object.entries(parsed.data?.id2label ?? {}).map(([id, name]) => [name, Number(id)]));
  const order = classes.map((name) => outputs.get(name) ?? -1);
  const ids = new Set(order);
  const whole = outputs.size === classes.length && ids.size === classes.length;
  if (whole && order.every((id) => id >= 0 && id < classes.length)) return order;
  const quoted = (names: readonly string[]) =>
    names
      .slice(0, 10)
      .map((name) => JSON.stringify(name.slice(0, 100)))
      .join(', ');
  throw new OnnxRejection(
    'outputs_wrong',
    `The id2label of config.json names ${quoted([...outputs.keys()]) || 'nothing'}; the classes of the job are ${quoted(classes)}, ${classes.length} in all.`,
  );
}
