import { LeonoreError } from '../domain/errors.js';
import type { Sealer } from '../repositories/value-repository.js';
import { readSealingPublicKey } from '../trust/sealing-key-file.js';
import { sealFor } from '../trust/sealing-keys.js';

/**
 * Seals secret values for nodes. The key is read each time: operators seldom set secrets, and a new key counts at once.
 * @param path file of the public key; undefined: secrets are refused
 * @throws LeonoreError MALFORMED_INPUT when there is no key in the file now
 */
export function valueSealer(path: string | undefined): Sealer {
  if (path !== undefined) readSealingPublicKey(path);
  return {
    seal(text, place) {
      if (path !== undefined) return sealFor(readSealingPublicKey(path), text, place);
      const why = 'there is no public key to seal it for (LEONORE_VALUES_PUBLIC_KEY)';
      throw new LeonoreError('SECRETS_UNAVAILABLE', `a secret cannot be kept: ${why}`);
    },
  };
}
