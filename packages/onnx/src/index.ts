/**
 * Foreign ONNX models: reads what they are without running them, and runs them in processes that can be killed. May
 * import contracts and kit; its child process is the only importer of onnxruntime-node. The evaluator, the api's predict
 * route and the command line call it.
 */
export { type ChildNews, LimitedProcess } from './child-process.ts';
export * from './columns-from-rows.ts';
export { inspectOnnx, type OnnxInspection } from './inspect.ts';
export { type OnnxChild, type OnnxLimits, openOnnxChild } from './onnx-child.ts';
export * from './onnx-pool.ts';
export type { OnnxValue } from './onnx-value.ts';
export * from './predict-table.ts';
export type { Feeds, Fetch, OnnxOutput, OnnxOutputs } from './protocol.ts';
export { OnnxRejection } from './rejection.ts';
export * from './runtime-fault.ts';
export * from './served-child.ts';
export { checkTableContract } from './table-contract.ts';
