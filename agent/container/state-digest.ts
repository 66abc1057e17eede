import { createHash } from 'node:crypto';
import type { Container } from './container.js';

/**
 * Digest of what is installed and of its values: a plan that was made for one digest must not be carried out at
 * another. Nobody but this gateway can make it, so that values cannot be guessed from it.
 *
 * @param secret of this gateway
 */
export async function stateDigest(container: Container, secret: string): Promise<string> {
  const { name: generation, artifacts } = container.current;
  const hash = createHash('sha256').update(secret);
  const sorted = artifacts.toSorted((left, right) => (left.artifact.name < right.artifact.name ? -1 : 1));
  for (const { artifact, home, packageId, run } of sorted) {
    const values = await container.readValues(generation, packageId);
    const facts = [
      artifact.name,
      artifact.version,
      home,
      packageId,
      run ?? null,
      Object.entries(values).sort(),
    ];
    hash.update(`\n${JSON.stringify(facts)}`);
  }
  return hash.digest('hex');
}
