/** What one check of a miner's machine found; `ok` is null for what is worth knowing and stops nothing. */
export type Finding = {
  readonly name: string;
  readonly ok: boolean | null;
  readonly message: string;
  /** What to do about it. */
  readonly fix?: string;
};

export const good = (name: string, message: string): Finding => ({ name, ok: true, message });
export const known = (name: string, message: string, fix?: string): Finding => finding(name, null, message, fix);
export const bad = (name: string, message: string, fix: string): Finding => finding(name, false, message, fix);

const finding = (name: string, ok: boolean | null, message: string, fix?: string): Finding =>
  fix === undefined ? { name, ok, message } : { name, ok, message, fix };
