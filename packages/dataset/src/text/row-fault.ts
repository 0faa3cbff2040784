/** Why a row cannot be used; the message follows “Row 7 ”. */
export class RowFault extends Error {
  readonly code: string;
  readonly column: string | null;

  constructor(code: string, message: string, column: string | null = null) {
    super(message);
    this.name = 'RowFault';
    this.code = code;
    this.column = column;
  }
}
