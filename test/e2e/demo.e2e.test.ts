import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const agonScript = fileURLToPath(new URL('../../cli/bin/agon.js', import.meta.url));
let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'agon-demo-'));
});
afterAll(() => rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));

/** The `agon` command as a person runs it; needs the Python environment of the recipes in AGON_PYTHON. */
const agon = (args: readonly string[]) =>
  run(process.execPath, [agonScript, ...args], {
    env: { ...process.env, AGON_HOME: home },
    cwd: home,
    maxBuffer: 2 ** 26,
  });

test('the demo races three real recipes on real data and verifies the winner', async () => {
  const { stdout } = await agon(['demo', 'penguins', '--minutes', '0.35', '--json']);
  const summary = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  expect(summary).toMatchObject({ status: 'succeeded', receipt_verified: true });
  expect(summary.leaderboard.map((entry: { status: string }) => entry.status)).toEqual(['scored', 'scored', 'scored']);
  expect(summary.winner.ci95[1]).toBeLessThan(summary.baseline);
});

test('a receipt with one changed byte is refused', async () => {
  const path = join(home, 'demo', 'pulled', 'agon.json');
  expect(JSON.parse((await agon(['verify', path, '--json'])).stdout).verified).toBe(true);
  const text = await readFile(path, 'utf8');
  for (const share of [0.1, 0.35, 0.6, 0.9]) {
    const at = text.slice(Math.floor(share * text.length)).search(/[0-9]/) + Math.floor(share * text.length);
    const changed = text.slice(0, at) + ((Number(text[at]) + 1) % 10) + text.slice(at + 1);
    const bad = join(home, 'changed.json');
    await writeFile(bad, changed);
    const answer = await agon(['verify', bad, '--json']).catch((error: { stdout: string; code: number }) => error);
    expect([share, JSON.parse(answer.stdout).verified]).toEqual([share, false]);
  }
});
