/**
 * Language models and encoders in Hugging Face's layout: reads safetensors, checks adapters and checkpoints against
 * their base, and writes the ONNX graphs that score and run them. It runs no model. May import contracts and kit; the
 * evaluator and the inference route call it.
 */

export * from './adapter/lora-inputs.ts';
export { type AdaptedModule, adapterRankMax } from './adapter/open-adapter.ts';
export { type Adapter, readAdapter } from './adapter/read-adapter.ts';
export { type BaseModel, type Checkpoint, checkCheckpoint } from './checkpoint/check-checkpoint.ts';
export * from './decoder/decoder-config.ts';
export * from './decoder/decoder-graph.ts';
export { generateGraph } from './decoder/generate-graph.ts';
export * from './decoder/score-batch.ts';
export { scoreGraph } from './decoder/score-graph.ts';
export { textGenerationGraph } from './decoder/text-generation-graph.ts';
export { type ClassifyGraph, classifyGraph } from './encoder/classify-graph.ts';
export * from './encoder/encoder-config.ts';
export type { ModelConfig } from './families/family.ts';
export { familyTable } from './families/family-table.ts';
export { canonicalWeights, headInputs, linearModules, modelTensors } from './families/model-tensors.ts';
export { parseConfig, readConfig } from './families/read-config.ts';
export type { LinearModule, TensorSpec } from './graph/tensor-spec.ts';
export { mergeAdapter, storedTensors } from './merged/merge-adapter.ts';
export { type MergedTensor, tensorBytes } from './merged/merged-tensor.ts';
export { type OnnxFiles, onnxFiles } from './merged/onnx-files.ts';
export { safetensorsBytes } from './merged/safetensors-bytes.ts';
export * from './model-fault.ts';
export * from './safetensors/element-type.ts';
export { type Header, type HeaderTensor, parseHeader } from './safetensors/header.ts';
export { readPieces, readValues } from './safetensors/read-values.ts';
export { openTensorFile, type StoredTensor, type TensorFile } from './safetensors/tensor-file.ts';
export * from './safetensors/weights.ts';
