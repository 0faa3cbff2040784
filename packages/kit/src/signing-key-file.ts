import { newSigningKeyPem, readSigningKey, type SigningKey } from './ed25519.ts';
import { readOrMakeKeyFile } from './key-file.ts';

/** Reads an Ed25519 key, or makes one, as `readOrMakeKeyFile` does. */
export const readOrMakeSigningKey = async (path: string): Promise<SigningKey> =>
  readSigningKey(await readOrMakeKeyFile(path, newSigningKeyPem));
