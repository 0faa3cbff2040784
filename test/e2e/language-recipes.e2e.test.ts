import { expect, test } from 'vitest';
import { patience, templateCommands } from './harness/template-commands.ts';

const { testTemplate } = templateCommands();

const cases: Record<string, string[]> = {
  'text-linear': ['--seconds', '8'],
  'encoder-torch': ['--quick', '--task', 'text-classification', '--seconds', '25'],
  'lora-torch': ['--quick', '--task', 'chat', '--seconds', '25'],
  'full-torch': ['--quick', '--task', 'chat', '--seconds', '25'],
};

test.each(Object.entries(cases))('%s keeps the contract', patience, async (name, options) => {
  const { ok, failed } = await testTemplate(name, ...options, '--grace', '30');
  expect({ ok, failed }).toEqual({ ok: true, failed: [] });
});
