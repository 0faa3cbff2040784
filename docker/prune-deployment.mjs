/**
 * Removes from a deployed service what it never reads at run time: TypeScript, sources of our own packages, prebuilt
 * libraries for other systems, documentation. `node prune-deployment.mjs FOLDER`; says what it freed.
 */
import { existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join, sep } from 'node:path';
import { arch, platform } from 'node:process';

const folder = process.argv[2];
if (!folder || !existsSync(join(folder, 'node_modules'))) {
  process.stderr.write('usage: node prune-deployment.mjs FOLDER (one that `pnpm deploy` made)\n');
  process.exit(2);
}

const here = join('napi-v6', platform, arch);

/** Whether a path below the folder is of no use at run time. */
function isSuperfluous(path, isFolder) {
  const name = path.slice(path.lastIndexOf(sep) + 1);
  if (isFolder) return isSuperfluousFolder(path, name);
  // Node runs no TypeScript here: typings, and sources that packages ship beside their JavaScript.
  if (/\.([cm]?ts|map|tsbuildinfo|markdown|flow)$/.test(name)) return true;
  if (/\.md$/i.test(name)) return !/licen[cs]e|notice/i.test(name);
  return false;
}

function isSuperfluousFolder(path, name) {
  const ours = /(^|[/\\])node_modules[/\\]@agon[/\\][^/\\]+[/\\][^/\\]+$/.test(path) || path === join(folder, name);
  if (ours && ['src', 'test', 'python', 'parity', 'fixtures'].includes(name)) return true;
  if (path.includes(join('onnxruntime-node', 'bin', 'napi-v6'))) {
    return !here.startsWith(path.slice(path.indexOf('napi-v6'))) && !path.includes(here);
  }
  return path.endsWith(join('node_modules', '@types'));
}

let freedBytes = 0;

function sizeOf(path) {
  const stat = lstatSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

function prune(inFolder) {
  for (const entry of readdirSync(inFolder, { withFileTypes: true })) {
    const path = join(inFolder, entry.name);
    if (entry.isSymbolicLink()) continue;
    if (isSuperfluous(path, entry.isDirectory())) {
      freedBytes += sizeOf(path);
      rmSync(path, { recursive: true });
    } else if (entry.isDirectory()) prune(path);
  }
}

prune(folder);
const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
process.stdout.write(`${folder}: ${mib(sizeOf(folder))} kept, ${mib(freedBytes)} removed\n`);
