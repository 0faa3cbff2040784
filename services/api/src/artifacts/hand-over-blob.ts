import { limits } from '@agon/contracts';
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { AppDeps } from '../deps.ts';
import { written } from '../http/route.ts';
import { type BlobAnswer, sendBlob } from './send-blob.ts';

/** `?via=service` is for a miner that cannot reach the artifact store. */
export const HandOverQuery = z.object({ via: z.literal('service').optional() });

/**
 * Gives a miner a blob. Where the artifact store can sign an address, the miner is sent there (307), so that the bytes do
 * not pass through the service: the address is good for this one blob and for a few minutes. Else the bytes are sent here.
 */
export async function handOverBlob(
  { artifacts, settings }: Pick<AppDeps, 'artifacts' | 'settings'>,
  http: { request: Request; response: Response; via: 'service' | undefined },
  answer: BlobAnswer,
): Promise<typeof written> {
  const { request, response, via } = http;
  const direct = settings.directDownloads && via === undefined && request.method === 'GET';
  const url = direct ? await artifacts.downloadUrl?.(answer.blob.sha256, limits.downloadUrlSeconds) : undefined;
  if (url === undefined) return sendBlob(artifacts, { request, response }, answer);
  response.set('cache-control', 'no-store').set('location', url).status(307).end();
  return written;
}
