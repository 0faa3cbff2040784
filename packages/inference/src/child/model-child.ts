/** The process that holds a model and answers, or puts texts into classes; forked with an empty environment, killed by its parent. */
import { becomeChild, firstLineOf } from '@agon/onnx';
import ort from 'onnxruntime-node';
import type { Row } from '../engine/row.ts';
import type { FromModel, ToModel } from '../protocol.ts';
import type { Classifier } from './open-classifier.ts';
import type { Generator } from './open-generator.ts';
import { openModel } from './open-model.ts';
import { Refusal } from './refusal.ts';

type Message<K extends ToModel['kind']> = Extract<ToModel, { kind: K }>;

let model: Promise<Generator | Classifier> | undefined;
/** By their keys; null while the prompt is prepared. */
const answers = new Map<number, { readonly id: number; row: Row | null }>();

const send = (message: FromModel | { kind: 'failed'; id: number; message: string }): void => {
  process.send?.(message);
};

async function open(message: Message<'open'>): Promise<void> {
  model = openModel(message);
  await model;
  send({ kind: 'opened', id: message.id });
}

/** @throws Error where no model is open, or one of the other kind. */
async function opened<K extends 'generator' | 'classifier'>(kind: K) {
  const found = await model;
  if (found?.kind === kind) return found as Extract<Generator | Classifier, { kind: K }>;
  throw new Error(`No ${kind} is open.`);
}

async function generate(message: Message<'generate'>): Promise<void> {
  const { id, key } = message;
  answers.set(key, { id, row: null });
  try {
    const { promptTokens, start } = await (await opened('generator')).prepare(message);
    const answer = answers.get(key);
    if (!answer) return;
    answer.row = start({
      onPart: (text, report) => send({ kind: 'part', id, text, report }),
      onEnd: ({ reason, text, completionTokens }) => {
        answers.delete(key);
        send({ kind: 'generated', id, reason, text, promptTokens, completionTokens });
      },
      onFailure: (error) => {
        answers.delete(key);
        send({ kind: 'failed', id, message: firstLineOf(error) });
      },
    });
  } catch (error) {
    if (answers.delete(key)) throw error;
  }
}

async function classify({ id, classification }: Message<'classify'>): Promise<void> {
  const logits = await (await opened('classifier')).classify(classification);
  send({ kind: 'classified', id, logits });
}

function cancel({ id, key }: Message<'cancel'>): void {
  const answer = answers.get(key);
  answers.delete(key);
  if (answer?.row) answer.row.cancelled = true;
  if (answer) send({ kind: 'cancelled', id: answer.id });
  send({ kind: 'cancelled', id });
}

async function hear(message: ToModel): Promise<void> {
  try {
    if (message.kind === 'open') await open(message);
    else if (message.kind === 'generate') await generate(message);
    else if (message.kind === 'classify') await classify(message);
    else cancel(message);
  } catch (error) {
    const { id } = message;
    if (error instanceof Refusal) send({ kind: 'refused', id, code: error.code, message: error.message });
    else send({ kind: 'failed', id, message: firstLineOf(error) });
  }
}

becomeChild();
process.on('message', (message: ToModel) => void hear(message));
process.send?.({ kind: 'ready', runtime: ort.env.versions.node ?? ort.env.versions.common });
