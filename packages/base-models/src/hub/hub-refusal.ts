import { AppError } from '@agon/contracts';
import { HubApiError } from '@huggingface/hub';

const askedFor = ({ name, revision }: { name: string; revision?: string | undefined }): string =>
  revision === undefined ? name : `${name}@${revision}`;

/** What went wrong with a hub, as the client reads it. What the caller's signal ended stays what it is. */
export function asHubRefusal(
  error: unknown,
  about: { name: string; revision?: string | undefined; hubUrl: string; signal: AbortSignal },
): unknown {
  if (error instanceof AppError) return error;
  if (about.signal.aborted) return about.signal.reason;
  const what = askedFor(about);
  if (error instanceof HubApiError) {
    const { statusCode } = error;
    if (statusCode === 404) {
      return new AppError('base_model_not_found', `${about.hubUrl} has no model ${what}.`, {}, error);
    }
    if (statusCode === 401 || statusCode === 403) {
      const message = `${about.hubUrl} has no model ${what}, or shows it only with a token that may read it (HF_TOKEN).`;
      return new AppError('base_model_not_found', message, {}, error);
    }
    const message = `${about.hubUrl} answered ${statusCode} for ${what}.`;
    return new AppError('base_model_unavailable', message, {}, error);
  }
  const reason = error instanceof Error ? ` (${reasonOf(error)})` : '';
  const message = `${about.hubUrl} did not give ${what}${reason}.`;
  return new AppError('base_model_unavailable', message, {}, error);
}

/** The innermost message: `fetch failed` alone says nothing. */
function reasonOf(error: Error): string {
  const { cause } = error;
  if (cause instanceof Error) return reasonOf(cause);
  const { code } = error as NodeJS.ErrnoException;
  return (error.message || code || error.name).replace(/\.$/, '');
}
