/**
 * What child processes of other packages need to run language models; imports onnxruntime-node, so nothing that serves
 * requests may import it.
 */
export { classOrder } from './child/class-order.ts';
export { classifyRows } from './child/classify-rows.ts';
export { openSession } from './child/open-session.ts';
export { encodeRows } from './rows/encode-rows.ts';
