/** The server errors that we can answer with; the numbers are MongoDB's, because drivers act on them. */
const CODES = {
  InternalError: 1,
  BadValue: 2,
  FailedToParse: 9,
  Unauthorized: 13,
  TypeMismatch: 14,
  AuthenticationFailed: 18,
  IllegalOperation: 20,
  NamespaceNotFound: 26,
  IndexNotFound: 27,
  PathNotViable: 28,
  ConflictingUpdateOperators: 40,
  CursorNotFound: 43,
  NamespaceExists: 48,
  DollarPrefixedFieldName: 52,
  CommandNotFound: 59,
  ImmutableField: 66,
  InvalidOptions: 72,
  InvalidNamespace: 73,
  IndexOptionsConflict: 85,
  IndexKeySpecsConflict: 86,
  BSONObjectTooLarge: 10334,
  DuplicateKey: 11000,
  UnknownField: 40415,
} as const;

export type CodeName = keyof typeof CODES;

/** An error that is answered to the client with MongoDB's number for it. */
export class CommandError extends Error {
  readonly codeName: CodeName;
  readonly code: number;
  readonly details: Record<string, unknown>;

  constructor(codeName: CodeName, message: string, details: Record<string, unknown> = {}) {
    super(message);
    this.name = 'CommandError';
    this.codeName = codeName;
    this.code = CODES[codeName];
    this.details = details;
  }
}

/** What mingo says, and what MongoDB would call it. The first pattern that fits wins. */
const MINGO_MESSAGES: ReadonlyArray<[RegExp, CodeName, string]> = [
  [
    /^unknown (?:query|top level) operator:? (\S+)/,
    'BadValue',
    'unknown query operator $1: the embedded server does not have it',
  ],
  [
    /^Unknown update operator: '(\S+)'/,
    'FailedToParse',
    'unknown update operator $1: the embedded server does not have it',
  ],
  [
    /^unregistered pipeline operator (\S+?)\.?$/,
    'FailedToParse',
    'unknown pipeline stage $1: the embedded server does not have it',
  ],
  [
    /^accumulator '(\S+)' is not registered/,
    'BadValue',
    'unknown expression operator $1: the embedded server does not have it',
  ],
  [/^(updating the path .*conflict.*)$/, 'ConflictingUpdateOperators', '$1'],
];

/** Any thrown value as a CommandError: what mingo refuses is the client's bad value, all else is ours. */
export function toCommandError(cause: unknown): CommandError {
  if (cause instanceof CommandError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  for (const [pattern, codeName, text] of MINGO_MESSAGES) {
    if (pattern.test(message)) return new CommandError(codeName, message.replace(pattern, text));
  }
  const own = cause instanceof Error && (cause.constructor.name === 'MingoError' || cause.name === 'BSONError');
  return new CommandError(own ? 'BadValue' : 'InternalError', message);
}

/** The fields of an error, as they stand in a reply or in a list of write errors. */
export function errorFields(error: CommandError): Record<string, unknown> {
  return { code: error.code, codeName: error.codeName, errmsg: error.message, ...error.details };
}
