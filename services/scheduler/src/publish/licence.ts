import type { BaseModelRecord } from '@agon/store';
import { code } from './markdown-table.ts';

/** What the metadata says of the licence. A derived work has its base's; of others only their owner can say. */
export function licenceFields(base: BaseModelRecord | null): { license: string; [key: string]: unknown } {
  const { license } = base?.facts ?? { license: null };
  if (license !== null && license !== 'other') return { license };
  const file = base?.files.find(({ path }) => /^LICENSE(\.md|\.txt)?$/.test(path))?.path;
  if (base === null) return { license: 'other', license_name: 'not-stated' };
  return { license: 'other', license_name: 'as-the-base-model', ...(file ? { license_link: file } : {}) };
}

/** The same for a reader. */
export function licence(base: BaseModelRecord | null): string {
  const own = 'Whoever posted the data decides under which terms the model may be used.';
  const { license } = base?.facts ?? { license: null };
  const derived = base
    ? ` It is derived from ${code(base.name)}, whose licence (${license === null ? 'see its own card' : code(license)}) holds for it too.`
    : '';
  return `## Licence\n\n${own}${derived}`;
}
