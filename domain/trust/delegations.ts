/** Who may sign what: TUF's delegations, one list for publishers, builders and directors. */
import { matchesGlob } from '../glob.js';
import { delegationsOf, signersOf, type Signature, type Targets, type Verifier } from './metadata.js';

/** What a delegation's patterns are matched against. */
export const delegatedPath = {
  artifact: (name: string): string => `artifacts/${name}`,
  build: (name: string): string => `builds/${name}`,
  task: (gatewayId: string): string => `tasks/${gatewayId}`,
} as const;

/** Whether a message is signed by whom it must be. */
export function isDelegated(...asked: Parameters<typeof delegatedSigners>): boolean {
  return delegatedSigners(...asked) !== null;
}

/**
 * Who has signed a message of those who must: delegations are asked in their order, and one that ends the search has the last
 * word on what it matches.
 * @returns ids of their keys; null when it is not signed by whom it must be
 */
export function delegatedSigners(
  targets: Targets,
  path: string,
  message: Uint8Array,
  signatures: readonly Signature[],
  verifier: Verifier,
): ReadonlySet<string> | null {
  const { roles, keys } = delegationsOf(targets);
  for (const role of roles) {
    if (!role.paths.some((pattern) => matchesGlob(pattern, path))) continue;
    const signers = signersOf(message, signatures, role, keys, verifier);
    if (signers !== null || role.terminating) return signers;
  }
  return null;
}

/** Whether an artifact may come without its publisher's signature. */
export function mayBeUnsigned({ unsigned = [] }: Targets, name: string): boolean {
  return unsigned.some((pattern) => matchesGlob(pattern, name));
}
