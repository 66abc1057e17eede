/**
 * What a gateway believes: whose signatures count, and what it has been told already. Kept on the disk, so that neither a
 * restart nor whoever answers it can make it forget.
 *
 * INVARIANTS
 *  - Once a root is pinned, nothing is carried out that is not signed by whom that root, through its chain, has it signed.
 *  - Counters and versions only grow, but where a new root has taken the keys away that counted.
 *  - The gateway's own clock is never asked: time is the latest that was signed, and what has passed since.
 */
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import type { Order, Signed, Task } from '../../domain/agent-protocol/messages.js';
import { parseSignedText, signedText } from '../../domain/agent-protocol/text-form.js';
import type { CheckedManifest } from '../../domain/package-format/check-manifest.js';
import { delegatedPath, delegatedSigners } from '../../domain/trust/delegations.js';
import { delegationsOf, readMetadata, untrusted } from '../../domain/trust/metadata.js';
import type { PackageStatements } from '../../domain/trust/statement.js';
import {
  currentTargets,
  pinRoot,
  withRoot,
  withSnapshot,
  withTargets,
  withTimestamp,
  type TrustedMetadata,
} from '../../domain/trust/trusted-metadata.js';
import { verifyPackageStatements } from '../../domain/trust/verify-package.js';
import { verifier } from '../../trust/ed25519.js';
import { readStateFile, writeStateFile } from '../state/state-file.js';

/** Roots that are followed at a time: whoever has fallen back further goes on the next time. */
const mostRoots = 64;

const DirectorSchema = Type.Object({ counter: Type.Integer(), signedAtMs: Type.Number() });
const File = Type.Union([Type.Null(), Type.String()]);
const StateSchema = Type.Object({
  root: Type.String(),
  timestamp: File,
  snapshot: File,
  targets: File,
  /** What each director's key has signed last. */
  directors: Type.Record(Type.String(), DirectorSchema),
});

interface Director extends Static<typeof DirectorSchema> {
  /** When that was, by a clock that nobody sets. */
  readonly seenMs: number;
}

/** Gets a file of metadata; null when there is none of that name. */
export type FetchMetadata = (name: string) => Promise<string | null>;

export interface GatewayTrustOptions {
  readonly path: string;
  /** A root that came with the device: the first to be believed. Without one the first that LEONORE has is. */
  readonly root?: string | undefined;
  /** Nothing is installed that is unsigned, whatever LEONORE's delegations allow. */
  readonly isRequired: boolean;
}

export class GatewayTrust {
  private directors: Readonly<Record<string, Director>>;
  private hasHeard = false;

  private constructor(
    private readonly options: GatewayTrustOptions,
    private metadata: TrustedMetadata | null,
    directors: Readonly<Record<string, Static<typeof DirectorSchema>>>,
  ) {
    const seenMs = performance.now();
    const seen = Object.entries(directors).map(([keyid, director]) => [keyid, { ...director, seenMs }]);
    this.directors = Object.fromEntries(seen) as Record<string, Director>;
  }

  /** @throws LeonoreError UNTRUSTED when the root that came with the device is none */
  static async open(options: GatewayTrustOptions): Promise<GatewayTrust> {
    const value = await readStateFile(options.path);
    if (Value.Check(StateSchema, value)) {
      const { timestamp, snapshot, targets, directors } = value;
      const metadata = {
        root: readMetadata('root', value.root),
        timestamp: timestamp === null ? null : readMetadata('timestamp', timestamp),
        snapshot: snapshot === null ? null : readMetadata('snapshot', snapshot),
        targets: targets === null ? null : readMetadata('targets', targets),
      };
      return new GatewayTrust(options, metadata, directors);
    }
    const metadata = options.root === undefined ? null : pinRoot(options.root, verifier);
    return new GatewayTrust(options, metadata, {});
  }

  get isPinned(): boolean {
    return this.metadata !== null;
  }

  /**
   * Learns who may sign now. What is refused on the way changes nothing, but roots that were sound are kept.
   *
   * @throws LeonoreError UNTRUSTED; whatever fetching throws
   */
  async refresh(fetch: FetchMetadata): Promise<void> {
    if (this.metadata === null) {
      const first = await fetch('1.root.json');
      if (first === null) return;
      this.metadata = pinRoot(first, verifier);
      await this.#save();
    }
    const rooted = await this.#followRoots(this.metadata, fetch);
    const timestamp = await required(fetch, 'timestamp.json');
    let next = withTimestamp(rooted, timestamp, this.#nowMs, verifier);
    const snapshotVersion = next.timestamp?.signed.meta['snapshot.json'].version ?? 0;
    if (next.snapshot?.signed.version !== snapshotVersion) {
      const snapshot = await required(fetch, `${snapshotVersion}.snapshot.json`);
      next = withSnapshot(next, snapshot, this.#nowMs, verifier);
    }
    const targetsVersion = next.snapshot?.signed.meta['targets.json'].version ?? 0;
    if (next.targets?.signed.version !== targetsVersion) {
      const targets = await required(fetch, `${targetsVersion}.targets.json`);
      next = withTargets(next, targets, this.#nowMs, verifier);
    }
    this.metadata = next;
    await this.#save();
  }

  async #followRoots(from: TrustedMetadata, fetch: FetchMetadata): Promise<TrustedMetadata> {
    let rooted = from;
    for (let followed = 0; followed < mostRoots; followed += 1) {
      const next = await fetch(`${rooted.root.signed.version + 1}.root.json`);
      if (next === null) break;
      rooted = withRoot(rooted, next, verifier);
      // Whoever held the keys that are gone may have moved time and counters as far as he liked.
      if (rooted.timestamp === null && from.timestamp !== null) this.directors = {};
      this.metadata = rooted;
      await this.#save();
    }
    return rooted;
  }

  /**
   * Judges a task or an order, and remembers it: it is accepted once.
   *
   * @returns what was signed, which is what is to be carried out
   * @throws LeonoreError UNTRUSTED that says why not
   */
  async accept<T extends Task | Order>(task: T, gatewayId: string): Promise<T> {
    if (this.metadata === null) {
      if (this.options.isRequired) throw untrusted('signatures are required, and no root is known');
      return task;
    }
    const targets = currentTargets(this.metadata, this.#nowMs);
    if (task.signed === undefined) throw untrusted('the task is not signed');
    const text = signedText(task);
    const { signatures } = task.signed;
    const path = delegatedPath.task(gatewayId);
    const by = delegatedSigners(targets, path, Buffer.from(text), signatures, verifier);
    if (by === null) {
      throw untrusted('the task is not signed by those who may give this gateway tasks');
    }
    const said = parseSignedText(text);
    if (said?.signed === undefined || said.action !== task.action) throw untrusted('the task is malformed');
    this.#judge(said.signed, gatewayId);
    const counted = {
      counter: said.signed.counter,
      signedAtMs: Date.parse(said.signed.signedAt),
      seenMs: performance.now(),
    };
    for (const keyid of by) {
      const last = this.directors[keyid]?.counter ?? 0;
      if (counted.counter > last) continue;
      throw untrusted(`the task is number ${counted.counter}, and number ${last} was given before`);
    }
    this.directors = { ...this.directors, ...Object.fromEntries([...by].map((keyid) => [keyid, counted])) };
    this.hasHeard = true;
    await this.#save();
    return said as T;
  }

  #judge(signed: Signed, gatewayId: string): void {
    if (signed.gatewayId !== gatewayId) throw untrusted(`the task is for the gateway ${signed.gatewayId}`);
    const signedAtMs = Date.parse(signed.signedAt);
    if (!(Date.parse(signed.expires) > this.#nowMs))
      throw untrusted(`the task has expired at ${signed.expires}`);
    // So a director alone cannot take time further ahead than the metadata go.
    const { timestamp } = this.metadata ?? {};
    if (!(signedAtMs < Date.parse(timestamp?.signed.expires ?? ''))) {
      throw untrusted('the task is newer than all that is known of who may sign');
    }
  }

  /**
   * Judges a package by its manifest, before anything of it is unpacked.
   *
   * @throws LeonoreError UNTRUSTED
   */
  check(manifest: CheckedManifest, statements: PackageStatements): void {
    if (this.metadata === null) return;
    const { unsigned, ...strict } = currentTargets(this.metadata, this.#nowMs);
    const targets = this.options.isRequired || unsigned === undefined ? strict : { ...strict, unsigned };
    verifyPackageStatements(manifest, statements, targets, verifier);
  }

  /** Milliseconds since 1970, as signed since the agent has started, with what has passed since; null before that. */
  get signedNowMs(): number | null {
    return this.hasHeard ? this.#nowMs : null;
  }

  /** The latest time that a key has signed which may do so still, with what has passed since. */
  get #nowMs(): number {
    const { keys } = delegationsOf(this.metadata?.targets?.signed ?? {});
    const times = Object.entries(this.directors)
      .filter(([keyid]) => keyid in keys)
      .map(([, { signedAtMs, seenMs }]) => signedAtMs + performance.now() - seenMs);
    return Math.max(0, ...times);
  }

  async #save(): Promise<void> {
    if (this.metadata === null) return;
    const { root, timestamp, snapshot, targets } = this.metadata;
    const state: Static<typeof StateSchema> = {
      root: JSON.stringify(root),
      timestamp: timestamp === null ? null : JSON.stringify(timestamp),
      snapshot: snapshot === null ? null : JSON.stringify(snapshot),
      targets: targets === null ? null : JSON.stringify(targets),
      directors: Object.fromEntries(
        Object.entries(this.directors).map(([keyid, { counter, signedAtMs }]) => [
          keyid,
          { counter, signedAtMs },
        ]),
      ),
    };
    await writeStateFile(this.options.path, state, { copied: true });
  }
}

async function required(fetch: FetchMetadata, name: string): Promise<string> {
  const text = await fetch(name);
  if (text === null) throw untrusted(`${name} is missing`);
  return text;
}
