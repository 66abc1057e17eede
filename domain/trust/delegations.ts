/** Who may sign what: TUF's delegations, one list for publishers, builders and directors. */
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
    if (!role.paths.some((pattern) => matchesPattern(pattern, path))) continue;
    if (isSignedBy(message, signatures, role, delegations.keys, verifier)) return true;
    if (role.terminating) return false;
  }
  return false;
}

/** Whether an artifact may come without its publisher's signature. */
export function mayBeUnsigned({ unsigned = [] }: Targets, name: string): boolean {
  return unsigned.some((pattern) => matchesPattern(pattern, name));
}

/**
 * `*` stands for any characters and `?` for one, but `/`. In time that is the product of the lengths: the text may be
 * somebody's who wants it to last.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  let at = 0;
  let from = 0;
  let star = -1;
  let starFrom = 0;
  while (from < text.length) {
    const wanted = pattern[at];
    if (wanted === '*') {
      star = at;
      starFrom = from;
      at += 1;
    } else if (wanted === text[from] || (wanted === '?' && text[from] !== '/')) {
      at += 1;
      from += 1;
    } else if (star !== -1 && text[starFrom] !== '/') {
      starFrom += 1;
      from = starFrom;
      at = star + 1;
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
