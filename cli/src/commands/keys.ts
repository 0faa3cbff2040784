import type { Scope } from '@agon/contracts';
import { addCommand, addGroup, type Register } from '../command.ts';
import { answer, clientOf, type SharedOptions } from '../context.ts';
import { renderTable } from '../terminal/table.ts';

/** `agon keys`: API keys, for who has an admin key. */
export const registerKeys: Register = (program, context) => {
  const keys = addGroup(program, 'keys', 'API keys; needs an admin key');
  addCommand(keys, {
    usage: 'create <name>',
    summary: 'make a key; it is shown once',
    examples: ['keys create alice', 'keys create ci --scope jobs:read', 'keys create alice-2 --account acct_01abc…'],
  })
    .option('--scope <scope...>', 'jobs:read, jobs:write, admin', ['jobs:read', 'jobs:write'])
    .option('--account <account>', 'an account that exists; a new one is made where it is left out')
    .action(async (name: string, options: SharedOptions & { scope: string[]; account?: string }) => {
      const { account, scope } = options;
      const client = await clientOf(context, options);
      const key = await client.keys.create({ name, scopes: scope as Scope[], ...(account ? { account } : {}) });
      answer(context, options, {
        json: key,
        text: () => `${key.secret}\nkey ${key.id}, account ${key.account}. It is not shown again.`,
      });
    });
  addCommand(keys, { usage: 'list', summary: 'list keys', examples: ['keys list'] }).action(
    async (options: SharedOptions) => {
      const page = await (await clientOf(context, options)).keys.list({ limit: 100 });
      const rows = page.data.map((key) => [
        key.id,
        key.name,
        key.account,
        key.scopes.join(' '),
        `${key.prefix}…`,
        key.revoked_at ? 'revoked' : 'active',
      ]);
      answer(context, options, {
        json: page,
        text: () => renderTable(['key', 'name', 'account', 'scopes', 'begins', 'state'], rows),
      });
    },
  );
  addCommand(keys, {
    usage: 'revoke <key>',
    summary: 'make a key useless',
    examples: ['keys revoke key_01abc…'],
  }).action(async (keyId: string, options: SharedOptions) => {
    const key = await (await clientOf(context, options)).keys.revoke(keyId);
    answer(context, options, { json: key, text: () => `${key.id} revoked` });
  });
};
