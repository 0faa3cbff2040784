import type { RefusalCode } from '../protocol.ts';

/** A request that this model cannot answer; the model itself is well. */
export class Refusal extends Error {
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
  }
}
