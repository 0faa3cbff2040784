import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@agon/kit';
import { beforeAll, describe, expect, test } from 'vitest';
import { superviseTrainer, type TrainerVerdict } from '../../run/supervise-trainer.ts';
import { readSubmission } from '../../submission/read-submission.ts';
import { containerRunner, dockerOfTests } from '../../testing/docker-tests.ts';
import { shellTrainer } from '../../testing/job-folder.ts';
import type { Runner, TrainerStart } from '../runner.ts';
import { TrainerOutput } from '../trainer-output.ts';

const docker = dockerOfTests();
const mib = 2 ** 20;

/** Every script is what a stranger's image might do. The neighbour is an honest run of the same miner. */
describe.runIf(docker)('a hostile container', () => {
  let runner: Runner;
  let home: string;

  beforeAll(async () => {
    ({ runner, folder: home } = await containerRunner(docker!));
  });

  async function race(
    script: string,
    options: { seconds?: number; graceMs?: number; start?: Partial<TrainerStart> } = {},
  ) {
    const honest = await shellTrainer('for i in 1 2 3 4; do echo "{\\"step\\": $i}"; sleep 0.3; done');
    const neighbour = await runner.start(honest.start);
    const { folder, start } = await shellTrainer(script, { outBytesMax: 16 * mib, ...options.start });
    const output = new TrainerOutput(folder.log);
    const trainer = await runner.start(start);
    const deadlineUnix = Date.now() / 1000 + (options.seconds ?? 60);
    const verdict = await superviseTrainer({
      trainer,
      output,
      clock: systemClock,
      memoryMibMax: start.share.memoryMib,
      outFolder: folder.out,
      outBytesMax: start.outBytesMax,
      killGraceMs: options.graceMs ?? 5_000,
      deadlineUnix: () => deadlineUnix,
      command: () => 'continue',
      reason: () => null,
      onTick: () => undefined,
      onUsage: () => undefined,
      stopping: new AbortController().signal,
    });
    const log = await readFile(folder.log, 'utf8').catch(() => '');
    expect((await neighbour.exit).code).toBe(0);
    await runner.sweep(new Set());
    return { verdict, log, output, folder };
  }

  const failed = (verdict: TrainerVerdict): string =>
    verdict.kind === 'failed' ? `${verdict.class}: ${verdict.message}` : verdict.kind;

  test('that forks without end runs out of processes of its own', async () => {
    const bomb =
      'import os, time\nn = 0\ntry:\n  while True:\n    if os.fork() == 0: time.sleep(600)\n    n += 1\nexcept OSError as e: print("stopped at", n, e); os._exit(9)';
    const { verdict, log } = await race(`python3 -c '${bomb}'`);
    expect(failed(verdict)).toContain('user_code: The trainer ended with code 9');
    const count = Number(/stopped at (\d+)/.exec(log)?.[1]);
    expect(count).toBeGreaterThan(500);
    expect(count).toBeLessThan(1_024);
  });

  test('that takes all memory is killed and has class oom', async () => {
    const hog = 'x = []\nwhile True: x.append(bytearray(16 * 2**20))';
    const { verdict } = await race(`python3 -c '${hog}'`, { start: { share: { cpus: 1, memoryMib: 300, gpus: [] } } });
    expect(failed(verdict)).toMatch(/^oom: .*300 MiB/);
  });

  test('that exits with the code of a kill, without one, is not out of memory', async () => {
    const { verdict } = await race('exit 137');
    expect(failed(verdict)).not.toMatch(/^oom/);
  });

  test('that fills out with many files is stopped and told its bound', async () => {
    const filler = 'i=0; while :; do head -c 4000000 /dev/zero > "$AGON_JOB/out/$i"; i=$((i + 1)); done';
    const { verdict, folder } = await race(filler);
    expect(failed(verdict)).toContain('user_code: out/ holds more than 16 MiB');
    await rm(folder.root, { recursive: true });
  });

  test('that writes one file without end hits its bound at once', async () => {
    const { verdict, folder } = await race('head -c 500000000 /dev/zero > "$AGON_JOB/out/big" || exit 9');
    expect(failed(verdict)).toContain('code 9. File size limit exceeded');
    expect((await stat(join(folder.out, 'big'))).size).toBeLessThanOrEqual(16 * mib);
  });

  test('that fills its temporary folders gets no more than some memory', async () => {
    const { log } = await race(
      'for place in /tmp /dev/shm; do head -c 900000000 /dev/zero > $place/x || echo full; du -m $place/x; done; exit 1',
    );
    expect(log.match(/full/g)).toHaveLength(2);
    for (const [, size] of log.matchAll(/^(\d+)\t/gm)) expect(Number(size)).toBeLessThan(200);
  });

  test('reaches no network', async () => {
    const call = [
      'import socket, os',
      'print("interfaces", sorted(os.listdir("/sys/class/net")))',
      'for address in [("1.1.1.1", 53), ("127.0.0.1", 2375), ("172.17.0.1", 22)]:',
      '  try: socket.create_connection(address, timeout=3); print("REACHED", address)',
      '  except OSError as e: print("refused", address, e)',
      'try: print("RESOLVED", socket.getaddrinfo("example.com", 80))',
      'except OSError as e: print("no names", e)',
    ].join('\n');
    const { log } = await race(`python3 -c '${call}'`);
    expect(log).toContain("interfaces ['lo']");
    expect(log).not.toMatch(/REACHED|RESOLVED|Error/);
  });

  test('writes nowhere but into out', async () => {
    const places =
      '/ /job /job/data /job/job.json /template /usr/bin /etc/passwd /proc/sys/kernel/core_pattern /sys/fs/cgroup';
    const { log } = await race(
      `for place in ${places}; do (echo x > $place/y || echo x > $place) 2> /dev/null && echo "WROTE $place"; done; echo x > /job/out/fine && echo done`,
    );
    expect(log.trim()).toBe('done');
  });

  test('is nobody, has no capability, gains no privilege and sees no device', async () => {
    const { log } = await race(
      [
        'id -u; grep -E "CapEff|CapBnd|NoNewPrivs|Seccomp:" /proc/self/status',
        'ls /dev/sd* /dev/vd* /dev/nvme* /dev/mem /dev/kmsg 2> /dev/null && echo DEVICE',
        'python3 -c "import os, stat; os.mknod(\'/tmp/d\', stat.S_IFBLK | 0o600, os.makedev(254, 0))" 2>&1 | tail -1',
        'mount -t tmpfs none /tmp 2>&1; unshare -r true 2>&1; su -c id 2>&1; chroot / true 2>&1',
      ].join('\n'),
    );
    expect(log).not.toMatch(/^0$|DEVICE|uid=0/m);
    expect(log).toMatch(/CapBnd:\s+0+\n/);
    expect(log).toMatch(/CapEff:\s+0+\n/);
    expect(log).toMatch(/NoNewPrivs:\s+1\n/);
    expect(log).toMatch(/Seccomp:\s+2\n/);
    expect(log).toContain('PermissionError');
  });

  test('finds no file of the host, of another run, or of the miner', async () => {
    const secret = await mkdtemp(join(tmpdir(), 'agon-secret-'));
    await writeFile(join(secret, 'identity.pem'), 'PRIVATE KEY of the miner');
    await writeFile(join(home, 'identity.pem'), 'PRIVATE KEY of the miner');
    const { log } = await race(
      `grep -rl --exclude-dir=proc --exclude-dir=sys "PRIVATE KEY of the mine[r]" / 2> /dev/null; ls ${secret} ${home} /var/run/docker.sock /run/docker.sock 2> /dev/null; cat /proc/1/environ 2> /dev/null | tr "\\0" "\\n" | grep -c AGON_TEST; ls /proc | grep -c "^[0-9]"`,
    );
    expect(log).not.toContain('identity');
    expect(log).not.toContain('docker.sock');
    const [secrets = '', processes = ''] = log.trim().split('\n');
    expect(Number(secrets)).toBe(0);
    expect(Number(processes)).toBeLessThan(10);
  });

  test('that links out of out hands in nothing of what the link names', async () => {
    const { verdict, folder } = await race(
      'cd "$AGON_JOB/out" && ln -s /etc/shadow model.onnx && ln -s / root && echo \'{"format":"onnx","files":["model.onnx"]}\' > submission.json',
    );
    expect(verdict).toEqual({ kind: 'done' });
    await expect(readSubmission(folder.out, { bytesMax: mib })).rejects.toThrow('not a plain file');
    await rm(folder.root, { recursive: true });
    expect(await readdir('/')).toContain('etc');
  });

  test('that ignores SIGTERM is killed after its grace', async () => {
    const { verdict } = await race('trap "" TERM; while :; do sleep 0.1; done', { seconds: 1, graceMs: 1_000 });
    expect(failed(verdict)).toMatch(/^timeout: .*told to save/);
  });

  test('that prints without end is stopped, and no more than the bound is kept', async () => {
    const { verdict, folder } = await race('yes "a line that says nothing at all, again and again and again"');
    expect(failed(verdict)).toMatch(/^user_code: The trainer printed more than/);
    expect((await stat(folder.log)).size).toBeLessThanOrEqual(68 * mib);
  });

  test('that prints bytes and lines of megabytes still has its progress read', async () => {
    const noise = [
      'import os, sys',
      'out = sys.stdout.buffer',
      'out.write(b"{" + b"\\xff\\x00" * 4_000_000 + b"\\n")',
      'out.write(b"[" * 3_000_000 + b"\\n")',
      'out.write(b"{\\"step\\": 1, \\"metrics\\": {\\"" + b"a" * 3_000_000 + b"\\": 1}}\\n")',
      'out.write(b"{\\"step\\": -1}\\n{\\"step\\": 1e999}\\n{\\"step\\": 2, \\"metrics\\": {\\"\\\\u0000\\": 1}}\\n")',
      'out.write(b"{\\"step\\": 7, \\"loss\\": 0.5}\\n")',
      'out.write(os.urandom(5_000_000))',
    ].join('\n');
    const { verdict, output } = await race(`python3 -c '${noise}'`);
    expect(verdict).toEqual({ kind: 'done' });
    expect(output.progress).toEqual({ step: 7, loss: 0.5 });
    expect(output.tail.length).toBeLessThanOrEqual(16 * 1024);
  });

  test('that exits with 0 and nothing is told what is missing', async () => {
    const { verdict, folder } = await race('exit 0');
    expect(verdict).toEqual({ kind: 'done' });
    await expect(readSubmission(folder.out, { bytesMax: mib })).rejects.toThrow('without out/submission.json');
  });
});
