import { z } from 'zod';
import { limits } from './limits.ts';

/** The name under which an account publishes; the ORG of `ORG/NAME`. */
export const NamespaceSlug = z
  .string()
  .max(limits.namespaceCharactersMax)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must have lower-case letters, digits and single hyphens between them')
  .meta({ id: 'NamespaceSlug' });
export type NamespaceSlug = z.infer<typeof NamespaceSlug>;
