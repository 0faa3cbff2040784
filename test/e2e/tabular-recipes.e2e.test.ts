import { expect, test } from 'vitest';
import { patience, templateCommands } from './harness/template-commands.ts';

const { testTemplate } = templateCommands();

test.each(['tabular-linear', 'tabular-gbdt', 'tabular-mlp'])('%s keeps the contract', patience, async (name) => {
  const { ok, failed } = await testTemplate(name, '--seconds', '8', '--grace', '30');
  expect({ ok, failed }).toEqual({ ok: true, failed: [] });
});
