/** The process that holds a language model and answers; forked with an empty environment, killed by its parent. */
import { becomeChild, firstLineOf } from '@agon/onnx';
import ort from 'onnxruntime-node';
import type { Row } from '../engine/row.ts';
import type { FromModel, ToModel } from '../protocol.ts';
import { type OpenModel, openModel } from './open-model.ts';
import { Refusal } from './refusal.ts';

type Message<K extends ToModel['kind']> = Extract<ToModel, { kind: K }>;

let model: Promise<OpenModel> | undefined;
/** By their keys; null while the prompt is prepared. */
const answers = new Map<number, { readonly id: number; row: Row | null }>();

const send = (message: FromModel | { kind: 'failed'; id: number; message: string }): void => {
  process.send?.(message);
};

async function open(message: Message<'open'>): Promise<void> {
  model = openModel(message);
  const { positions } = await model;
  send({ kind: 'opened', id: message.id, positions });
}

async function generate(message: Message<'generate'>): Promise<void> {
  const { id, key } = message;
  if (!model) throw new Error('No model is open.');
  answers.set(key, { id, row: null });
  try {
    const { promptTokens, start } = await (await model).prepare(message);
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

async function classify({ id, texts, classes, tokensMax }: Message<'classify'>): Promise<void> {
  if (!model) throw new Error('No model is open.');
  send({ kind: 'classified', id, logits: await (await model).classify(texts, { classes, tokensMax }) });
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
