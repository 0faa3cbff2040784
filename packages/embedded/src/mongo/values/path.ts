import { isDocument } from './document.ts';

const INDEX = /^\d+$/;

/**
 * Visits each value that a dotted path reaches, as MongoDB does: an array on the way is entered, element by element and
 * by number. A missing field is visited as undefined. Stops and returns true as soon as `visit` returns true.
 */
export function someAt(value: unknown, parts: readonly string[], visit: (leaf: unknown) => boolean, from = 0): boolean {
  if (from === parts.length) return visit(value);
  const part = parts[from] as string;
  if (Array.isArray(value)) return someInArray(value, parts, visit, from);
  if (!isDocument(value)) return visit(undefined);
  return someAt(Object.hasOwn(value, part) ? value[part] : undefined, parts, visit, from + 1);
}

function someInArray(
  array: unknown[],
  parts: readonly string[],
  visit: (leaf: unknown) => boolean,
  from: number,
): boolean {
  const part = parts[from] as string;
  const numbered = INDEX.test(part);
  if (numbered && someAt(array[Number(part)], parts, visit, from + 1)) return true;
  for (const element of array) {
    if (!isDocument(element) || (numbered && !Object.hasOwn(element, part))) continue;
    if (someAt(element, parts, visit, from)) return true;
  }
  return false;
}

/** The values that a path reaches, with the elements of an array in the array's place: what a multikey index holds. */
export function elementsAt(value: unknown, parts: readonly string[]): unknown[] {
  if (parts.length === 1 && isDocument(value)) {
    const part = parts[0] as string;
    const leaf = Object.hasOwn(value, part) ? value[part] : undefined;
    return Array.isArray(leaf) ? leaf : [leaf];
  }
  const found: unknown[] = [];
  someAt(value, parts, (leaf) => {
    if (Array.isArray(leaf)) found.push(...leaf);
    else found.push(leaf);
    return false;
  });
  return found;
}

/** Sets a dotted path in a document that the caller owns, making the embedded documents on the way. */
export function setAt(target: Record<string, unknown>, path: string, value: unknown): void {
  const parts = path.split('.');
  const last = parts.pop() as string;
  let place = target;
  for (const part of parts) {
    const next = place[part];
    if (isDocument(next) || Array.isArray(next)) place = next as Record<string, unknown>;
    else {
      const made: Record<string, unknown> = {};
      place[part] = made;
      place = made;
    }
  }
  place[last] = value;
}
