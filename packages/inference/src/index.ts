/**
 * Serves base models and winners: language models answer, encoders put texts into classes. Each model has a process of its
 * own, which makes many answers at once, token by token, and shares its weights among the adapters of one base. May import
 * contracts, model-graph, language and onnx; its child process imports onnxruntime-node. The api calls it.
 */
export type { Sampling } from './engine/sampling.ts';
export {
  type ChatEnd,
  type ChatPart,
  type Classification,
  GenerationRefusal,
  type ServedAdapter,
  type ServedModel,
} from './host/model-host.ts';
export { type HostsOptions, ModelHosts } from './host/model-hosts.ts';
export type { Generation, TokenReport, TokenText } from './protocol.ts';
