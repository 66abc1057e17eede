import { join } from 'node:path';
import { Signer } from '../trust/ed25519.js';
import { writeKeyFile } from '../trust/key-file.js';
import { TrustDirectory } from '../trust/trust-directory.js';

/** Nobody attends to the keys of a stack for trying things out. */
const lastsDays = 3_650;

/** Keys of a stack, which it makes for itself. */
export interface StackTrust {
  /** Key files that nodes get. */
  readonly director: string;
  readonly builder: string;
  /** What gateways are to be told. */
  readonly published: { readonly roots: readonly string[]; readonly targets: string };
}

/** The key with which a user of the stack signs artifacts: `leonore artifact add --key`. */
export function stackPublisherKey(dataDir: string): string {
  return trustOf(dataDir).keyPath('publisher');
}

/**
 * All keys of a stack, made at its first start: a root, delegations to one publisher, and what nodes sign with. What is
 * unsigned is installed, too, so that trying takes no ceremony. The caller holds the lock of the data directory.
 */
export async function stackTrust(dataDir: string, nowMs: number): Promise<StackTrust> {
  const trust = trustOf(dataDir);
  if (!(await trust.isMade())) {
    const signer = Signer.generate();
    const publisher = { name: 'publisher', signer, paths: ['artifacts/*'] };
    const plan = { rootKeys: 1, threshold: 1, lastsDays, unsigned: ['*'], publishers: [publisher] };
    await trust.make(plan, nowMs);
    await writeKeyFile(trust.keyPath('publisher'), { name: 'publisher', signer });
  }
  return {
    director: trust.keyPath('online'),
    builder: trust.keyPath('builder'),
    published: await trust.published(),
  };
}

/**
 * From now on all artifacts must be signed.
 * @returns what is to be published for that
 */
export async function requireSignatures(dataDir: string): Promise<{ roots: string[]; targets: string }> {
  const trust = trustOf(dataDir);
  await trust.allowUnsigned([]);
  return trust.published();
}

function trustOf(dataDir: string): TrustDirectory {
  return new TrustDirectory(join(dataDir, 'trust'), '');
}
