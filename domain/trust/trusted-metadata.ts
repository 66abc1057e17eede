/**
 * What a client believes, and how it comes to believe something newer (TUF specification 1.0, section 5.3 to 5.6). A value,
 * never changed: each step gives the next one or throws, so a refused file leaves what was believed before.
 *
 * INVARIANTS
 *  - A root is believed because the one before it, and itself, have signed it; versions go up by one.
 *  - No version goes down, but where the root took the keys away by which it was signed: whoever held them may have
 *    counted as far as he liked (recovery from a fast-forward).
 *  - What is expired is not believed anew. What time it is the caller says.
 */
import {
  signersOf,
  readMetadata,
  signedBytes,
  untrusted,
  type Envelope,
  type Meta,
  type Root,
  type RoleName,
  type Snapshot,
  type Targets,
  type Timestamp,
  type Verifier,
} from './metadata.js';

export interface TrustedMetadata {
  readonly root: Envelope<Root>;
  readonly timestamp: Envelope<Timestamp> | null;
  readonly snapshot: Envelope<Snapshot> | null;
  readonly targets: Envelope<Targets> | null;
}

/**
 * Begins with a root that is believed for another reason: it came with the device, or at its enrolment.
 *
 * @throws LeonoreError UNTRUSTED when it is malformed, or not signed by its own keys
 */
export function pinRoot(text: string, verifier: Verifier): TrustedMetadata {
  const root = readMetadata('root', text);
  requireRole('root', root, root.signed, verifier);
  return { root, timestamp: null, snapshot: null, targets: null };
}

/** @throws LeonoreError UNTRUSTED unless it is the next root, signed by the keys of both */
export function withRoot(trusted: TrustedMetadata, text: string, verifier: Verifier): TrustedMetadata {
  const root = readMetadata('root', text);
  const before = trusted.root.signed;
  requireRole('root', root, before, verifier);
  requireRole('root', root, root.signed, verifier);
  if (root.signed.version !== before.version + 1) {
    throw untrusted(`root: version ${root.signed.version} does not follow version ${before.version}`);
  }
  const kept = (role: RoleName): boolean => {
    const now = new Set(root.signed.roles[role].keyids);
    return before.roles[role].keyids.every((keyid) => now.has(keyid));
  };
  const online = kept('timestamp') && kept('snapshot');
  return {
    root,
    timestamp: online ? trusted.timestamp : null,
    snapshot: online ? trusted.snapshot : null,
    // The snapshot says which version the targets are of, so whoever held its keys may have counted those too.
    targets: online && kept('targets') ? trusted.targets : null,
  };
}

/** @throws LeonoreError UNTRUSTED when it is not signed, older than what is believed, or expired */
export function withTimestamp(
  trusted: TrustedMetadata,
  text: string,
  nowMs: number,
  verifier: Verifier,
): TrustedMetadata {
  refuseExpired('root', trusted.root.signed, nowMs);
  const timestamp = readMetadata('timestamp', text);
  requireRole('timestamp', timestamp, trusted.root.signed, verifier);
  const before = trusted.timestamp?.signed;
  refuseOlder('timestamp', timestamp.signed.version, before?.version);
  refuseOlder(
    'snapshot',
    timestamp.signed.meta['snapshot.json'].version,
    before?.meta['snapshot.json'].version,
  );
  // Of one version there is one content: the one that was seen first.
  const kept = timestamp.signed.version === before?.version ? trusted.timestamp : timestamp;
  if (kept !== null) refuseExpired('timestamp', kept.signed, nowMs);
  return { ...trusted, timestamp: kept };
}

/** @throws LeonoreError UNTRUSTED when it is not the one that the timestamp names, or leads back */
export function withSnapshot(
  trusted: TrustedMetadata,
  text: string,
  nowMs: number,
  verifier: Verifier,
): TrustedMetadata {
  const snapshot = readMetadata('snapshot', text);
  requireRole('snapshot', snapshot, trusted.root.signed, verifier);
  const named = trusted.timestamp?.signed.meta['snapshot.json'] ?? null;
  refuseOther('snapshot', snapshot.signed.version, named?.version ?? null);
  refuseOtherBytes('snapshot', text, named, verifier);
  for (const [file, before] of Object.entries(trusted.snapshot?.signed.meta ?? {})) {
    const now = snapshot.signed.meta[file];
    if (now === undefined) throw untrusted(`snapshot: it does not name ${file}, which it named before`);
    refuseOlder(file, now.version, before.version);
  }
  refuseExpired('snapshot', snapshot.signed, nowMs);
  return { ...trusted, snapshot };
}

/** @throws LeonoreError UNTRUSTED when it is not the one that the snapshot names */
export function withTargets(
  trusted: TrustedMetadata,
  text: string,
  nowMs: number,
  verifier: Verifier,
): TrustedMetadata {
  const targets = readMetadata('targets', text);
  requireRole('targets', targets, trusted.root.signed, verifier);
  const named = trusted.snapshot?.signed.meta['targets.json'] ?? null;
  refuseOther('targets', targets.signed.version, named?.version ?? null);
  refuseOtherBytes('targets', text, named, verifier);
  refuseOlder('targets', targets.signed.version, trusted.targets?.signed.version);
  refuseExpired('targets', targets.signed, nowMs);
  return { ...trusted, targets };
}

/**
 * The delegations to go by, if they hold now: a gateway that was kept from newer ones stops at their end.
 *
 * @throws LeonoreError UNTRUSTED
 */
export function currentTargets(
  { root, timestamp, snapshot, targets }: TrustedMetadata,
  nowMs: number,
): Targets {
  if (timestamp === null || snapshot === null || targets === null) {
    throw untrusted('it is not known yet who may sign');
  }
  for (const [role, { signed }] of Object.entries({ root, timestamp, snapshot, targets })) {
    refuseExpired(role, signed, nowMs);
  }
  refuseOther('targets', targets.signed.version, snapshot.signed.meta['targets.json'].version);
  return targets.signed;
}

/** @throws LeonoreError UNTRUSTED unless as many of the role's keys have signed it as must */
export function requireRole(
  role: RoleName,
  { signed, signatures }: Envelope<unknown>,
  { roles, keys }: Root,
  verifier: Verifier,
): void {
  if (signersOf(signedBytes(signed), signatures, roles[role], keys, verifier) !== null) return;
  throw untrusted(`${role}: it is not signed by ${roles[role].threshold} of the keys that it must be`);
}

function refuseOlder(role: string, version: number, before: number | undefined): void {
  if (before === undefined || version >= before) return;
  throw untrusted(`${role}: version ${version} is older than version ${before}, which was seen before`);
}

function refuseOther(role: string, version: number, named: number | null): void {
  if (named === version) return;
  throw untrusted(`${role}: it is version ${version}, and version ${named ?? 'none'} is named`);
}

const encoder = new TextEncoder();

function refuseOtherBytes(role: string, text: string, named: Meta | null, { sha256 }: Verifier): void {
  const bytes = encoder.encode(text);
  if (named?.length !== undefined && bytes.length !== named.length)
    throw untrusted(`${role}: it has ${bytes.length} bytes, and ${named.length} are named`);
  if (named?.hashes !== undefined && sha256(bytes) !== named.hashes.sha256)
    throw untrusted(`${role}: its content is not the one that is named`);
}

function refuseExpired(role: string, { expires }: { readonly expires: string }, nowMs: number): void {
  if (Date.parse(expires) > nowMs) return;
  throw untrusted(`${role}: it has expired at ${expires}`);
}
