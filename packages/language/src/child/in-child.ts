/**
 * What a child process of another package may use to run models: it imports onnxruntime-node, whose runs block their
 * thread, so no service may import it into its own process. Called by packages/inference.
 */
export { encodeRows } from '../rows/encode-rows.ts';
export { classOrder } from './class-order.ts';
export { classifyRows } from './classify-rows.ts';
export { openSession } from './open-session.ts';
