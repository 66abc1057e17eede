import { SecretBox } from '../../repositories/secret-box.js';
import { newSealingKey, sealFor, sealingPublicKey, SecretOpener } from '../../trust/sealing-keys.js';

const key = newSealingKey();

/** What secret values are sealed for, and opened with. */
export const testValueKeys = {
  sealer: { seal: (text: string, place: string) => sealFor(sealingPublicKey(key), text, place) },
  opener: new SecretOpener(() => [key], new SecretBox([])),
};
