import type { Client } from '@agon/client';
import type { Model } from '@agon/contracts';
import { CommandError } from './context.ts';

/**
 * A winner by any of its names: its id, its `ft:…` name, or its repo in the service's registry.
 *
 * @throws CommandError for a base model, ApiError where there is none.
 */
export async function findModel(client: Client, named: string): Promise<Model> {
  const model = await client.models.retrieve(named);
  if ('files' in model) return model;
  throw new CommandError(`${named} is a base model; \`agon models\` lists the winners.`);
}
