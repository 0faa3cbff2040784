import { expect, test } from 'vitest';
import { patience, templateCommands } from './harness/template-commands.ts';

const { testTemplate } = templateCommands();

test.each(['tabular-linear', 'text-linear', 'tabular-gbdt', 'tabular-mlp'])(
  '%s keeps the contract',
  patience,
  async (name) => {
    const { ok, failed } = await testTemplate(name, '--seconds', '8', '--grace', '30');
    expect({ ok, failed }).toEqual({ ok: true, failed: [] });
  },
);

test.each(['encoder-torch', 'lora-torch', 'full-torch'])('%s keeps the contract', patience, async (name) => {
  const task = name === 'encoder-torch' ? 'text-classification' : 'chat';
  const options = ['--quick', '--task', task, '--seconds', '25', '--grace', '30'];
  const { ok, failed } = await testTemplate(name, ...options);
  expect({ ok, failed }).toEqual({ ok: true, failed: [] });
});
