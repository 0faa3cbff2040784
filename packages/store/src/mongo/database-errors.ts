import { AppError } from '@agon/contracts';

type DriverError = { code?: unknown; name?: unknown; writeErrors?: unknown; cause?: unknown };

const duplicateKey = 11_000;

/** Options of a batch that goes on past documents that are there already. Without the second, mongoose drops misfits unsaid. */
export const pastRepeats = { ordered: false, throwOnValidationError: true } as const;

/** Whether a write was refused because a unique index has its key; for a batch, whether that is all that was refused. */
export function isDuplicateKey(error: unknown): boolean {
  const { code, writeErrors } = (error ?? {}) as DriverError;
  if (Array.isArray(writeErrors) && writeErrors.length > 0) {
    return writeErrors.every((one: DriverError) => one.code === duplicateKey);
  }
  return code === duplicateKey;
}

const outOfReach =
  /^(Mongo|Mongoose)(Network|ServerSelection|NotConnected|ServerClosed|TopologyClosed|PoolCleared|PoolClosed|ConnectionPool|WaitQueue|Expired|OperationTimeout|ClientClosed)/;
/** Codes that a server gives while it starts, stops or loses its place as primary. */
const passing = new Set([6, 7, 89, 91, 189, 262, 9001, 10_107, 11_600, 11_602, 13_435, 13_436]);

/** Turns "the database is away" into `not_ready`; every other error stays as it is. */
export function asAppError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  const { name, code } = (error ?? {}) as DriverError;
  const away = outOfReach.test(String(name)) || passing.has(Number(code));
  return away ? new AppError('not_ready', 'The database is out of reach.', { retryAfterSeconds: 2 }, error) : error;
}

type Methods = Record<string, (...inputs: never[]) => Promise<unknown>>;

/** The same store, whose methods throw `not_ready` where the database is away. */
export function withAppErrors<T extends object>(store: T): T {
  const methods = Object.entries(store as Methods).map(([name, method]) => [
    name,
    (...inputs: never[]) =>
      method(...inputs).catch((error: unknown) => {
        throw asAppError(error);
      }),
  ]);
  return Object.fromEntries(methods) as T;
}
