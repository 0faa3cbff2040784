import { AppError, type ErrorCode, errorTable } from '@agon/contracts';
import type { z } from 'zod';

const issuesMax = 5;

function where(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') path.push(issue.keys[0] ?? '');
  return path.join('.');
}

function sentence(issue: z.core.$ZodIssue): string {
  const place = where(issue);
  return place === '' ? issue.message : `${place}: ${issue.message}`;
}

/** A refusal that names every field that is wrong (five at most) and what it must be. */
export function invalidInput(error: z.ZodError): AppError {
  const [first] = error.issues;
  const message = error.issues.slice(0, issuesMax).map(sentence).join('; ');
  const param = first ? where(first) : '';
  return new AppError('invalid_request', message, param === '' ? {} : { param });
}

/** @throws AppError `invalid_request` that names the fields. */
export function parseInput<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalidInput(parsed.error);
  return parsed.data;
}

/**
 * Reads the parameters of a path. An id that cannot exist is an id that was not found.
 *
 * @throws AppError of the route's 404 code, or `invalid_request` where it has none.
 */
export function parseParams<T extends z.ZodType>(
  schema: T,
  value: Readonly<Record<string, unknown>>,
  errors: readonly ErrorCode[],
): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const code = errors.find((each) => errorTable[each].status === 404);
  const names = parsed.error.issues.map((issue) => String(value[String(issue.path[0] ?? '')] ?? ''));
  if (code) throw new AppError(code, `There is nothing with the id ${JSON.stringify(names[0]?.slice(0, 100))}.`);
  throw invalidInput(parsed.error);
}
