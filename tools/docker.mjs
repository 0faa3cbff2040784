/** Runs Docker's command for the tools of this folder. */
import { spawn, spawnSync } from 'node:child_process';
import { root } from './setup.mjs';

const outputCharactersMax = 8_000;

/** A fault that is one message for a person. */
export class ImagesError extends Error {}

/**
 * Runs `docker …` and keeps the end of its output for the case that it fails. Ctrl-C ends it with us.
 *
 * @param {string[]} args
 * @param {{ command?: string, onLine?: (line: string) => void }} options `command`: another program than docker.
 * @returns {Promise<string>} the end of its standard output.
 */
export function docker(args, { command = 'docker', onLine } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let answer = '';
    const hear = (chunk) => {
      output = (output + chunk).slice(-outputCharactersMax);
      for (const line of String(chunk).split('\n')) if (line.trim()) onLine?.(line.trim());
    };
    child.stdout.on('data', (chunk) => {
      answer = (answer + chunk).slice(-outputCharactersMax);
      hear(chunk);
    });
    child.stderr.on('data', hear);
    child.once('error', (error) => reject(new ImagesError(`${command} does not start: ${error.message}`)));
    child.once('close', (code) => {
      if (code === 0) resolve(answer.trim());
      else reject(new ImagesError(`${[command, ...args].join(' ')} failed with code ${code}:\n${output}`));
    });
  });
}

/** @throws ImagesError that says what to do where there is no Docker. */
export function checkDocker() {
  const asked = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { encoding: 'utf8' });
  if (asked.status === 0) return;
  const why = asked.error ? 'the docker command was not found' : asked.stderr.trim().split('\n').at(-1);
  throw new ImagesError(
    `Docker cannot be used: ${why}\nInstall Docker (Debian: apt-get install docker.io) and start its daemon, or set DOCKER_HOST.`,
  );
}
