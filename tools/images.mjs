/** `npm run images`: builds the images under docker/ one after the other and says how large each is. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkDocker, docker, ImagesError } from './docker.mjs';
import { localBases, makeLocalBases } from './local-base.mjs';
import { root } from './setup.mjs';

const node = 'docker/Dockerfile';
/** Every image: its recipe, the target in it, what its base is called there, and whether it is built when none is named. */
const images = {
  api: { file: node, target: 'api' },
  scheduler: { file: node, target: 'scheduler' },
  evaluator: { file: node, target: 'evaluator' },
  miner: { file: node, target: 'miner' },
  'mongo-standin': { file: node, target: 'mongo-standin' },
  'miner-recipes': { file: node, target: 'miner-recipes' },
  redis: { file: 'docker/redis.Dockerfile', onDebian: true },
  's3-standin': { file: 'docker/s3-standin.Dockerfile', onDebian: true },
  'evaluator-cuda': { file: node, target: 'evaluator-cuda', onDemand: true },
};

const help = `usage: npm run images -- [NAME…] [--local] [options]

Builds agon-NAME:TAG for each NAME; without one, all but evaluator-cuda.
Names: ${Object.keys(images).join(', ')}

  --local              make the bases on this machine (Linux, root, debootstrap) rather than take them from a registry
  --base-image IMAGE   what services run on: Debian with Node >= 20.19 (default node:22-bookworm-slim)
  --build-image IMAGE  what they are compiled on: with npm too (default node:22-bookworm-slim)
  --debian-image IMAGE base of redis and s3-standin (default debian:bookworm-slim)
  --cuda-image IMAGE   base of evaluator-cuda: CUDA and cuDNN libraries (default nvidia/cuda:13.0.1-cudnn-runtime-ubuntu24.04)
  --registry PREFIX    put before the names, such as registry.example/agon/
  --tag TAG            default latest
  --no-cache           build every layer again
  --verbose            show what the builder says
  --json               one object on standard output

  npm run images
  npm run images -- --local
  npm run images -- api evaluator --registry registry.example/agon/ --tag 0.1.0
`;

const options = {
  local: { type: 'boolean', default: false },
  'base-image': { type: 'string' },
  'build-image': { type: 'string' },
  'debian-image': { type: 'string' },
  'cuda-image': { type: 'string' },
  registry: { type: 'string', default: '' },
  tag: { type: 'string', default: 'latest' },
  'no-cache': { type: 'boolean', default: false },
  verbose: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

/** Says what goes on with the seconds so far: one moving line in a terminal, plain lines elsewhere. */
async function step(title, work) {
  const startedMs = Date.now();
  const seconds = () => `${((Date.now() - startedMs) / 1000).toFixed(0)} s`;
  const moving = process.stderr.isTTY === true;
  if (!moving) process.stderr.write(`… ${title}\n`);
  let doing = '';
  const timer = setInterval(() => {
    if (moving) process.stderr.write(`\r\x1b[K… ${title} ${seconds()} ${doing.slice(0, 80)}`);
  }, 500);
  const onLine = (line) => {
    if (/^(Step \d|#\d+ \[)/.test(line)) doing = line;
  };
  try {
    const result = await work(onLine);
    process.stderr.write(`${moving ? '\r\x1b[K' : ''}✓ ${title} ${seconds()}\n`);
    return result;
  } finally {
    clearInterval(timer);
  }
}

/** Build arguments that are set; the recipe's own defaults stand for the others. */
function buildArguments(image, given) {
  const debian = given['debian-image'] ?? (given.local ? localBases.debian : undefined);
  const base = given['base-image'] ?? (given.local ? localBases.runtime : undefined);
  const values = {
    BASE_IMAGE: image.onDebian ? debian : base,
    BUILD_IMAGE: given['build-image'] ?? (given.local ? localBases.build : undefined),
    CUDA_BASE_IMAGE: image.onDemand ? given['cuda-image'] : undefined,
    VERSION: JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version,
    COMMIT: spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout?.trim() || 'unknown',
  };
  return Object.entries(values).flatMap(([name, value]) => (value ? ['--build-arg', `${name}=${value}`] : []));
}

async function build(name, given) {
  const image = images[name];
  const tag = `${given.registry}agon-${name}:${given.tag}`;
  const target = image.target ? ['--target', image.target] : [];
  const fresh = given['no-cache'] ? ['--no-cache'] : [];
  const args = ['build', '-f', image.file, ...target, ...fresh, ...buildArguments(image, given), '-t', tag, '.'];
  await step(tag, (onLine) => {
    const show = (line) => process.stderr.write(`${line}\n`);
    return docker(args, { onLine: given.verbose ? show : onLine });
  });
  const layers = (await docker(['history', '--human=false', '--format', '{{.Size}}', tag])).split('\n').map(Number);
  const bytes = layers.reduce((sum, size) => sum + size, 0);
  return { image: tag, bytes };
}

async function main(given, names) {
  checkDocker();
  if (given.local) await makeLocalBases(step);
  const built = [];
  for (const name of names) built.push(await build(name, given));
  const mb = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`.padStart(8);
  if (given.json) process.stdout.write(`${JSON.stringify({ images: built })}\n`);
  else for (const { image, bytes } of built) process.stdout.write(`${mb(bytes)}  ${image}\n`);
}

function fail(message, code) {
  process.stderr.write(`\n${message}\n`);
  process.exit(code);
}

function readArguments() {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    return fail(`${error.message}\n\n${help}`, 2);
  }
}

const { values: given, positionals } = readArguments();
if (given.help) {
  process.stdout.write(help);
  process.exit(0);
}
const unknown = positionals.filter((name) => !(name in images));
if (unknown.length > 0) fail(`There is no image ${unknown.join(', ')}.\n\n${help}`, 2);
const everything = Object.keys(images).filter((name) => !images[name].onDemand);
try {
  await main(given, positionals.length > 0 ? positionals : everything);
} catch (error) {
  if (!(error instanceof ImagesError)) throw error;
  fail(error.message, 1);
}
