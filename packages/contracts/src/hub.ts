import { z } from 'zod';

/** What the registry keeps. */
export const HubRepoType = z.enum(['model', 'dataset']).meta({ id: 'HubRepoType' });
export type HubRepoType = z.infer<typeof HubRepoType>;
