import type { Client } from '@agon/client';
import type { Model } from '@agon/contracts';
import { CommandError } from './context.ts';

const pagesMax = 100;

/**
 * A model by its id, or by the repo that it has in the service's registry.
 *
 * @throws CommandError where no model has this repo.
 */
export async function findModel(client: Client, named: string): Promise<Model> {
  if (!named.includes('/')) return client.models.retrieve(named);
  let after: string | undefined;
  for (let count = 0; count < pagesMax; count += 1) {
    const page = await client.models.list({ limit: 100, ...(after === undefined ? {} : { after }) });
    const found = page.data.find((model) => model.repo === named || model.pushes.some((push) => push.repo === named));
    if (found) return found;
    if (!page.has_more || page.last_id === null) break;
    after = page.last_id;
  }
  throw new CommandError(`No model of yours is published as ${named}; \`agon models\` lists them.`);
}
