import type { z } from 'zod';
import { ModelFault } from '../model-fault.ts';

/** @throws ModelFault `config_malformed` with the first fault. */
export function parsedFields<T>(schema: z.ZodType<T>, raw: unknown): T {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new ModelFault('config_malformed', `config.json: ${issue?.path.join('.')}: ${issue?.message}.`);
}

/** @throws ModelFault `config_unsupported` */
export function refuse(fault: boolean, what: string): void {
  if (fault) throw new ModelFault('config_unsupported', `config.json asks for ${what} can be done.`);
}
