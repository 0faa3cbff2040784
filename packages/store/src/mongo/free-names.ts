/**
 * Names of fields that clients and miners choose (metadata, metrics) may hold what MongoDB or its driver gives a meaning:
 * `$`, `.`, NUL, `_bsontype`, `__proto__`. They are written escaped and read back exactly.
 */
const special = /[%.$\0]/g;
const reserved = new Set(['__proto__', 'constructor', 'prototype', '_bsontype']);

const escapeName = (name: string): string =>
  reserved.has(name)
    ? `%%${name}`
    : name.replace(special, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`);

const restoreName = (name: string): string =>
  name.startsWith('%%')
    ? name.slice(2)
    : name.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

function mapNames(value: unknown, rename: (name: string) => string): unknown {
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map((item) => mapNames(item, rename));
  const pairs = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(pairs.map(([name, item]) => [rename(name), mapNames(item, rename)]));
}

/** A copy of a JSON-like value (dates allowed) that can be stored; members that are undefined are left out. */
export const escapeNames = <T>(value: T): T => mapNames(value, escapeName) as T;

/** What was given to `escapeNames`. */
export const restoreNames = <T>(value: T): T => mapNames(value, restoreName) as T;
