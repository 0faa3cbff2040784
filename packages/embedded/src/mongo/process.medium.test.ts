import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import mongoose from 'mongoose';
import { afterEach, beforeEach, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../dist/mongo/main.js', import.meta.url));
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-process-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function start(...flags: string[]) {
  const child = spawn(process.execPath, [program, '--folder', folder, ...flags], { stdio: ['pipe', 'pipe', 'pipe'] });
  const [line] = await once(createInterface(child.stdout), 'line');
  return { child, port: JSON.parse(String(line)).port as number };
}

it('ends when its input does, so it does not outlive its parent', async () => {
  const { child } = await start('--exit-with-stdin');
  child.stdin.end();
  expect(await once(child, 'exit')).toEqual([0, null]);
});

it('takes over the lock of a process that was killed', async () => {
  const { child } = await start();
  child.kill('SIGKILL');
  await once(child, 'exit');
  const second = await start();
  second.child.kill('SIGTERM');
  expect(await once(second.child, 'exit')).toEqual([0, null]);
});

it('listens for others only where they need a password', async () => {
  const open = spawn(process.execPath, [program, '--folder', folder, '--host', '0.0.0.0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [line] = await once(createInterface(open.stderr), 'line');
  expect(JSON.parse(String(line)).error).toContain('--password-file');
  expect(await once(open, 'exit')).toEqual([1, null]);
});

it('refuses a folder in use', async () => {
  const { child } = await start();
  const rival = spawn(process.execPath, [program, '--folder', folder], { stdio: ['ignore', 'ignore', 'pipe'] });
  const [line] = await once(createInterface(rival.stderr), 'line');
  expect(JSON.parse(String(line)).error).toContain(`in use by process ${child.pid}`);
  expect(await once(rival, 'exit')).toEqual([1, null]);
  child.kill('SIGTERM');
  await once(child, 'exit');
});

it('closes a connection that sends garbage and goes on serving the others', async () => {
  const { child, port } = await start();
  const connection = await mongoose.createConnection(`mongodb://127.0.0.1:${port}/agon`).asPromise();
  const garbage = [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.from([0, 0, 0, 0]),
    Buffer.from([255, 255, 255, 127]),
    Buffer.from([26, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 221, 7, 0, 0, 0, 0, 0, 0, 0, 99, 0, 0, 0, 0]),
  ];
  for (const bytes of garbage) {
    const socket = connect({ host: '127.0.0.1', port });
    socket.write(bytes);
    socket.resume();
    await once(socket, 'close');
  }
  await connection.collection('things').insertOne({ x: 1 });
  expect(await connection.collection('things').countDocuments()).toBe(1);
  await connection.close();
  child.kill('SIGTERM');
  await once(child, 'exit');
});
