import { AppError, type ErrorCode, errorTable } from '@agon/contracts';
import { type HubAnswer, json } from './exchange.ts';

/** What clients tell failures apart by. */
const errorCodes: Partial<Record<ErrorCode, string>> = {
  repo_not_found: 'RepoNotFound',
  revision_not_found: 'RevisionNotFound',
  entry_not_found: 'EntryNotFound',
};

/** Clients take any other 401 on a repo for a repo that is not there. */
const badCredentials = 'Invalid credentials in Authorization header';
const headerCharactersMax = 500;

const headerText = (message: string): string => message.replace(/[^\x20-\x7e]/g, '?').slice(0, headerCharactersMax);

/** A refusal in the hub's manner: what was wrong in `error`, and for programs in `X-Error-Code`. */
export function refusal(error: AppError): HubAnswer {
  const code = errorCodes[error.code];
  const message = error.code === 'internal' ? errorTable.internal.help : error.message;
  const { retryAfterSeconds, allow } = error.facts;
  return json(
    { error: message, code: error.code, help: errorTable[error.code].help },
    {
      status: error.status,
      headers: {
        'x-error-message': error.status === 401 ? badCredentials : headerText(message),
        ...(code === undefined ? {} : { 'x-error-code': code }),
        ...(allow === undefined ? {} : { allow }),
        ...(error.status === 401 ? { 'www-authenticate': 'Bearer realm="agon"' } : {}),
        ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterSeconds)) }),
      },
    },
  );
}

/** Any failure as a refusal of the table. */
export function toAppError(error: unknown): AppError {
  return error instanceof AppError ? error : new AppError('internal', errorTable.internal.help, {}, error);
}
