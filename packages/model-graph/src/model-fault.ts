import type { RejectionCode } from '@agon/contracts';

/** Why a model, an adapter or a checkpoint is refused: what each code means, as its maker reads it. */
export const modelFaultTable = {
  weights_missing: 'A weight file that the model needs is not there.',
  weights_malformed: 'A weight file is not valid safetensors.',
  weights_type_unsupported: 'A weight is stored in a number format that is not read; use F32, F16 or BF16.',
  weights_not_finite: 'A weight is NaN or infinite.',
  weights_absurd: 'The weights are so large that no training run can have made them.',
  tensor_missing: 'A tensor that the architecture needs is not in the weights.',
  tensor_unexpected: 'The weights have a tensor that the architecture does not know.',
  tensor_shape_wrong: 'A tensor does not have the shape that the configuration asks for.',
  config_malformed: 'config.json is missing or not valid.',
  config_unsupported: 'The configuration asks for something that the graphs cannot do.',
  architecture_unknown: 'The architecture of the model is not supported.',
  architecture_changed: 'The checkpoint is not of the architecture of the base model.',
  adapter_malformed: 'adapter_config.json is missing or not valid.',
  adapter_unsupported: 'The adapter uses an option that is not supported; return plain LoRA.',
  adapter_rank_too_large: 'The rank of the adapter is above the limit.',
  adapter_without_effect: 'The adapter does not change the base model.',
  checkpoint_unchanged: 'The checkpoint has the weights of the base model.',
} as const satisfies Record<string, string>;

export type ModelFaultCode = keyof typeof modelFaultTable;

/** A fault of the files, not of the service: a code and a sentence that says what is wrong where. */
export class ModelFault extends Error {
  readonly code: ModelFaultCode;

  constructor(code: ModelFaultCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ModelFault';
    this.code = code;
  }
}

const ofSubmission = {
  adapter: { malformed: 'adapter_invalid', misfit: 'adapter_does_not_fit' },
  checkpoint: { malformed: 'checkpoint_does_not_fit', misfit: 'checkpoint_does_not_fit' },
} as const satisfies Record<string, Record<string, RejectionCode>>;

const rejections: Readonly<Record<ModelFaultCode, RejectionCode | 'malformed' | 'misfit'>> = {
  weights_missing: 'file_missing',
  weights_malformed: 'safetensors_invalid',
  weights_type_unsupported: 'malformed',
  weights_not_finite: 'weights_not_finite',
  weights_absurd: 'malformed',
  tensor_missing: 'misfit',
  tensor_unexpected: 'misfit',
  tensor_shape_wrong: 'misfit',
  config_malformed: 'malformed',
  config_unsupported: 'misfit',
  architecture_unknown: 'misfit',
  architecture_changed: 'misfit',
  adapter_malformed: 'adapter_invalid',
  adapter_unsupported: 'adapter_invalid',
  adapter_rank_too_large: 'adapter_invalid',
  adapter_without_effect: 'adapter_without_effect',
  checkpoint_unchanged: 'weights_unchanged',
};

/** The code under which a submission of that kind is rejected for the fault. */
export function rejectionOf(fault: ModelFault, submission: keyof typeof ofSubmission): RejectionCode {
  const rejection = rejections[fault.code];
  return rejection === 'malformed' || rejection === 'misfit' ? ofSubmission[submission][rejection] : rejection;
}
