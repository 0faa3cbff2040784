import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Owner {
  pid: number;
  /** When the process began, in clock ticks since boot, where the system tells (Linux): tells a reused pid apart. */
  started: string | undefined;
}

/**
 * Takes the folder for this process; returns the function that gives it back. Throws when a living process has it. A
 * lock that a dead process left behind is taken over.
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'lock');
  const own = JSON.stringify({ pid: process.pid, started: startOf(process.pid) } satisfies Owner);
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, own);
  try {
    if (!tryLink(draft, path)) {
      removeStale(path);
      if (!tryLink(draft, path)) throw inUse(path, ownerOf(path));
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return () => {
    if (readOr(path) === own) unlinkSync(path);
  };
}

/** Puts a dead owner's lock aside under a name of our own, so that of two rivals only one takes it away. */
function removeStale(path: string): void {
  const owner = ownerOf(path);
  if (owner !== undefined && isAlive(owner)) throw inUse(path, owner);
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return; // A rival was first; the next attempt to link decides.
  }
  const moved = ownerOf(aside);
  // Between the look and the move a rival may have put its own lock there: give it back.
  if (moved !== undefined && isAlive(moved)) tryLink(aside, path);
  rmSync(aside, { force: true });
}

function inUse(path: string, owner: Owner | undefined): Error {
  return new Error(
    `the data folder is in use by process ${owner?.pid ?? 'unknown'}: stop that process, or delete ${path} if it is not an Agon server`,
  );
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cause;
  }
}

function ownerOf(path: string): Owner | undefined {
  try {
    const owner = JSON.parse(readOr(path)) as Owner;
    return typeof owner.pid === 'number' ? owner : undefined;
  } catch {
    return undefined;
  }
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function isAlive({ pid, started }: Owner): boolean {
  try {
    process.kill(pid, 0);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = startOf(pid);
  if (now === ZOMBIE) return false;
  return started === undefined || now === undefined || now === started;
}

/** A process that has ended but that its parent has not yet waited for. */
const ZOMBIE = 'zombie';

function startOf(pid: number): string | undefined {
  const stat = readOr(`/proc/${pid}/stat`);
  // The name of the program stands in brackets and may hold anything; the start time is the 20th field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? ZOMBIE : fields[19];
}
