import { ErrorEnvelope } from '@agon/contracts';

/** What the service refused, or that it could not be reached (`status` 0, `code` `unreachable`). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly param: string | null;
  readonly help: string | undefined;
  readonly problems: NonNullable<ErrorEnvelope['error']['problems']>;
  readonly requestId: string | null;
  readonly retryAfterSeconds: number | null;

  constructor(
    message: string,
    facts: {
      status: number;
      code: string;
      param?: string | null;
      help?: string | undefined;
      problems?: ErrorEnvelope['error']['problems'];
      requestId?: string | null;
      retryAfterSeconds?: number | null;
      cause?: unknown;
    },
  ) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = 'ApiError';
    this.status = facts.status;
    this.code = facts.code;
    this.param = facts.param ?? null;
    this.help = facts.help;
    this.problems = facts.problems ?? [];
    this.requestId = facts.requestId ?? null;
    this.retryAfterSeconds = facts.retryAfterSeconds ?? null;
  }

  /** Whether the same request may succeed later: no connection, too many requests, a fault of the service. */
  get retryable(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Reads the error of an answer that is not 2xx. */
export async function errorOfResponse(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  const requestId = response.headers.get('x-request-id');
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retryAfterSeconds = Number.isFinite(retryAfter) ? retryAfter : null;
  const shared = { status: response.status, requestId, retryAfterSeconds };
  const parsed = ErrorEnvelope.safeParse(parseJson(text));
  if (!parsed.success) {
    return new ApiError(`The service answered ${response.status} ${response.statusText}.`, {
      ...shared,
      code: 'unexpected_answer',
    });
  }
  return errorOfEnvelope(parsed.data, shared);
}

/** What an error envelope says, in the words of the service. */
export function errorOfEnvelope(
  { error: { message, code, param, help, problems } }: ErrorEnvelope,
  shared: { status: number; requestId?: string | null; retryAfterSeconds?: number | null },
): ApiError {
  return new ApiError(message, { ...shared, code, param, help, problems });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
