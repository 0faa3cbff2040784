import type { RejectionCode } from '@agon/contracts';
import { ModelFault, type ModelFaultCode } from '@agon/model-graph';
import { firstLineOf, isMemoryFault, OnnxRejection } from '@agon/onnx';

export type SubmissionKind = 'adapter' | 'checkpoint';

/** What a miner reads for each fault of the files. */
const codes: Readonly<Record<ModelFaultCode, RejectionCode | Readonly<Record<SubmissionKind, RejectionCode>>>> = {
  weights_missing: 'file_missing',
  weights_malformed: 'safetensors_invalid',
  weights_type_unsupported: 'safetensors_invalid',
  weights_not_finite: 'weights_not_finite',
  weights_absurd: 'weights_absurd',
  tensor_missing: { adapter: 'adapter_does_not_fit', checkpoint: 'checkpoint_does_not_fit' },
  tensor_unexpected: { adapter: 'adapter_does_not_fit', checkpoint: 'checkpoint_does_not_fit' },
  tensor_shape_wrong: { adapter: 'adapter_does_not_fit', checkpoint: 'checkpoint_does_not_fit' },
  config_malformed: 'checkpoint_does_not_fit',
  config_unsupported: 'checkpoint_does_not_fit',
  architecture_unknown: 'checkpoint_does_not_fit',
  architecture_changed: 'checkpoint_does_not_fit',
  adapter_malformed: 'adapter_invalid',
  adapter_unsupported: 'adapter_invalid',
  adapter_rank_too_large: 'adapter_invalid',
  adapter_without_effect: 'adapter_without_effect',
  checkpoint_unchanged: 'weights_unchanged',
};

/** What went wrong with a submission while it was checked or run, as a verdict. */
export function modelRejection(error: unknown, kind: SubmissionKind): OnnxRejection {
  if (error instanceof OnnxRejection) return error;
  if (error instanceof ModelFault) {
    const code = codes[error.code];
    return new OnnxRejection(typeof code === 'string' ? code : code[kind], error.message);
  }
  const message = firstLineOf(error);
  return new OnnxRejection(isMemoryFault(message) ? 'inference_out_of_memory' : 'inference_failed', message);
}
