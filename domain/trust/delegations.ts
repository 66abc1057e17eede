/** Who may sign what: TUF's delegations, one list for publishers, builders and directors. */
import { matchesGlob } from '../glob.js';
import { isSignedBy, type Signature, type Targets, type Verifier } from './metadata.js';

/** What a delegation's patterns are matched against. */
export const delegatedPath = {
  artifact: (name: string): string => `artifacts/${name}`,
  build: (name: string): string => `builds/${name}`,
  task: (gatewayId: string): string => `tasks/${gatewayId}`,
} as const;

/**
 * Whether a message is signed by whom it must be: delegations are asked in their order, and one that ends the search has
 * the last word on what it matches.
 */
export function isDelegated(
  { delegations }: Targets,
  path: string,
  message: Uint8Array,
  signatures: readonly Signature[],
  verifier: Verifier,
): boolean {
  for (const role of delegations.roles) {
    if (!role.paths.some((pattern) => matchesGlob(pattern, path))) continue;
    if (isSignedBy(message, signatures, role, delegations.keys, verifier)) return true;
    if (role.terminating) return false;
  }
  return false;
}

/** Whether an artifact may come without its publisher's signature. */
export function mayBeUnsigned({ unsigned = [] }: Targets, name: string): boolean {
  return unsigned.some((pattern) => matchesGlob(pattern, name));
}
