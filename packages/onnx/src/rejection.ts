import type { RejectionCode } from '@agon/contracts';

/** A fault of the model, not of the service: a code of the rejection table and a sentence its maker can act on. */
export class OnnxRejection extends Error {
  readonly code: RejectionCode;

  constructor(code: RejectionCode, message: string) {
    super(message);
    this.name = 'OnnxRejection';
    this.code = code;
  }
}
