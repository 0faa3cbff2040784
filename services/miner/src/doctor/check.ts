/** What the doctor looked at. `ok` is null where something is missing that a miner can do without. */
export type Check = {
  readonly name: string;
  readonly ok: boolean | null;
  readonly message: string;
  /** What the owner can do. */
  readonly fix?: string;
};

/** A look that throws is a check that failed, with the words of the error. */
export async function looked(name: string, look: () => Promise<Omit<Check, 'name'>>): Promise<Check> {
  try {
    return { name, ...(await look()) };
  } catch (error) {
    return { name, ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}
