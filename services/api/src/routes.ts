import { baseModelRoutes } from './base-models/routes.ts';
import { chatRoutes } from './chat/routes.ts';
import { fileRoutes } from './files/routes.ts';
import { fineTuningRoutes } from './fine-tuning/routes.ts';
import type { Route } from './http/route.ts';
import { jobRoutes } from './jobs/routes.ts';
import { keyRoutes } from './keys/routes.ts';
import { minerProtocolRoutes } from './miner-protocol/routes.ts';
import { minerRoutes } from './miners/routes.ts';
import { modelRoutes } from './models/routes.ts';
import { operationRoutes } from './operations/routes.ts';
import { uploadRoutes } from './uploads/routes.ts';
import { webhookRoutes } from './webhooks/routes.ts';

/** Every route of the service. */
export const routes: readonly Route[] = [
  ...fileRoutes,
  ...uploadRoutes,
  ...jobRoutes,
  ...modelRoutes,
  ...chatRoutes,
  ...fineTuningRoutes,
  ...baseModelRoutes,
  ...webhookRoutes,
  ...minerRoutes,
  ...keyRoutes,
  ...minerProtocolRoutes,
  ...operationRoutes,
];
