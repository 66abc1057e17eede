/** Metadata as it is made: by the ceremony (`leonore trust`), by `leonore up`, and by nodes what has to be fresh. */
import { controlScripts } from '../domain/package-format/control-scripts.js';
import {
  keyIdOf,
  trustKey,
  type Delegation,
  type Holders,
  type Root,
  type Snapshot,
  type Targets,
  type Timestamp,
  type TrustKey,
} from '../domain/trust/metadata.js';
import { sha256 } from './ed25519.js';

const specification = '1.0.31';
export const dayMs = 24 * 60 * 60_000;

/** Public keys (hex) that hold a role, and how many of them must sign. */
export interface NewHolders {
  readonly publicKeys: readonly string[];
  readonly threshold: number;
}

export interface NewDelegation extends NewHolders {
  readonly name: string;
  /** Patterns of `artifacts/<name>`, `builds/<name>`, `tasks/<gateway id>`. */
  readonly paths: readonly string[];
  readonly terminating: boolean;
}

/** TUF writes instants by whole seconds. */
export function instantText(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}

export function newRoot(
  version: number,
  expiresMs: number,
  roles: Readonly<Record<keyof Root['roles'], NewHolders>>,
): Root {
  return {
    _type: 'root',
    spec_version: specification,
    version,
    expires: instantText(expiresMs),
    ...{ consistent_snapshot: true },
    keys: keysOf(Object.values(roles)),
    roles: {
      root: holdersOf(roles.root),
      targets: holdersOf(roles.targets),
      snapshot: holdersOf(roles.snapshot),
      timestamp: holdersOf(roles.timestamp),
    },
  };
}

/**
 * @param unsigned patterns of names that nobody has to sign
 * @returns delegations; packages may have the control scripts of this version of LEONORE
 */
export function newTargets(
  version: number,
  expiresMs: number,
  delegations: readonly NewDelegation[],
  unsigned: readonly string[],
): Targets {
  return {
    _type: 'targets',
    spec_version: specification,
    version,
    expires: instantText(expiresMs),
    targets: {},
    delegations: { keys: keysOf(delegations), roles: delegations.map(delegationOf) },
    unsigned: [...unsigned],
    control: Object.values(controlScripts).map((script) => sha256(new TextEncoder().encode(script))),
  };
}

export function newSnapshot(version: number, expires: string, targetsVersion: number): Snapshot {
  const meta = { 'targets.json': { version: targetsVersion } };
  return { _type: 'snapshot', spec_version: specification, version, expires, meta };
}

export function newTimestamp(version: number, expiresMs: number, snapshotVersion: number): Timestamp {
  const meta = { 'snapshot.json': { version: snapshotVersion } };
  return { _type: 'timestamp', spec_version: specification, version, expires: instantText(expiresMs), meta };
}

export function keysOf(holders: readonly Pick<NewHolders, 'publicKeys'>[]): Record<string, TrustKey> {
  const keys = holders.flatMap(({ publicKeys }) => publicKeys).map(trustKey);
  return Object.fromEntries(keys.map((key) => [keyIdOf(key, sha256), key]));
}

function holdersOf({ publicKeys, threshold }: NewHolders): Holders {
  return { keyids: publicKeys.map((key) => keyIdOf(trustKey(key), sha256)), threshold };
}

export function delegationOf({ name, paths, terminating, ...holders }: NewDelegation): Delegation {
  return { name, ...holdersOf(holders), terminating, paths: [...paths] };
}
