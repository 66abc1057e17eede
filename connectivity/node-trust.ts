/** What a node does so that gateways need not believe it: it hands on what others have signed, and signs its own tasks. */
import { createHmac } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Order, Task } from '../domain/agent-protocol/messages.js';
import { signedText } from '../domain/agent-protocol/text-form.js';
import { readMetadata } from '../domain/trust/metadata.js';
import { PackageStatementsSchema, type PackageStatements } from '../domain/trust/statement.js';
import { Value } from 'typebox/value';
import type { ArtifactRepository } from '../repositories/artifact-repository.js';
import type { PackageRepository } from '../repositories/package-repository.js';
import type { TrustRepository } from '../repositories/trust-repository.js';
import { envelopeOf, type Signer } from '../trust/ed25519.js';
import { dayMs, newSnapshot, newTimestamp } from '../trust/make-metadata.js';

export interface NodeTrustOptions {
  readonly metadata: TrustRepository;
  readonly artifacts: ArtifactRepository;
  readonly packages: PackageRepository;
  /** Signs tasks, snapshot and timestamp; without it nothing is signed here. */
  readonly director: Signer | undefined;
}

/** HMAC-SHA256 (RFC 2104) in hex. @param secret in hex */
function hmacOf(text: Buffer, secret: string): string {
  return createHmac('sha256', Buffer.from(secret, 'hex')).update(text).digest('hex');
}

/** A gateway asks for its tasks anew at once when it can; an hour bears clocks of nodes that differ. */
const taskLastsMs = 60 * 60_000;
/** How long a gateway that is kept from newer delegations goes by the old ones. */
const timestampLastsMs = 7 * dayMs;
/** Statements of packages that are being delivered: asked for by thousands at the same time, and some kilobytes each. */
const remembered = { max: 200, ttl: 10_000 };

export class NodeTrust {
  private readonly statements = new LRUCache<string, Promise<PackageStatements | null>>(remembered);
  private counter = 0;

  constructor(private readonly options: NodeTrustOptions) {}

  /**
   * The same, for this gateway and for a while: signed by the director, and under the secret that a gateway without
   * signatures shares with LEONORE.
   * @param gateway its secret in hex; null when it has none
   */
  signed<T extends Task | Order>(
    task: T,
    { gatewayId, secret }: { readonly gatewayId: string; readonly secret: string | null },
    nowMs: number,
  ): T {
    const { director } = this.options;
    if (director === undefined && secret === null) return task;
    // Microseconds, and at least one more than before: it grows over restarts and over a database that was set back.
    this.counter = Math.max(this.counter + 1, Math.trunc(nowMs * 1_000));
    const facts = {
      gatewayId,
      counter: this.counter,
      signedAt: new Date(nowMs).toISOString(),
      expires: new Date(nowMs + taskLastsMs).toISOString(),
    };
    const text = Buffer.from(signedText({ ...task, signed: { ...facts, signatures: [] } }));
    const signatures = director === undefined ? [] : [director.sign(text)];
    const hmac = secret === null ? {} : { hmac: hmacOf(text, secret) };
    return { ...task, signed: { ...facts, signatures, ...hmac } };
  }

  /** A file of metadata by TUF's name for it; null when there is none. */
  async file(name: string, nowMs: number): Promise<string | null> {
    const { metadata } = this.options;
    if (name === 'timestamp.json') return this.timestamp(nowMs);
    const [, version = '', role = ''] = /^(\d{1,16})\.(root|targets|snapshot)\.json$/.exec(name) ?? [];
    if (role === 'root' || role === 'targets') return metadata.find(role, Number(version));
    return role === 'snapshot' ? this.snapshot(Number(version)) : null;
  }

  /** What was signed of a package's artifacts; null when there is no such package. */
  async statementsOf(archiveDigest: string): Promise<PackageStatements | null> {
    const known = this.statements.get(archiveDigest);
    if (known !== undefined) return known;
    const reading = this.readStatements(archiveDigest);
    this.statements.set(archiveDigest, reading);
    reading.catch(() => this.statements.delete(archiveDigest));
    return reading;
  }

  private async timestamp(nowMs: number): Promise<string | null> {
    const { director, metadata } = this.options;
    const targets = await metadata.newest('targets');
    if (director === undefined || targets === null) return null;
    const timestamp = newTimestamp(Math.trunc(nowMs / 1_000), nowMs + timestampLastsMs, targets.version);
    return JSON.stringify(envelopeOf(timestamp, [director]));
  }

  /** There is one file of targets, so a snapshot has its version and its time. */
  private async snapshot(version: number): Promise<string | null> {
    const { director, metadata } = this.options;
    const targets = await metadata.find('targets', version);
    if (director === undefined || targets === null) return null;
    const { expires } = readMetadata('targets', targets).signed;
    return JSON.stringify(envelopeOf(newSnapshot(version, expires, version), [director]));
  }

  private async readStatements(archiveDigest: string): Promise<PackageStatements | null> {
    const { packages, artifacts } = this.options;
    const keys = await packages.artifactsOf(archiveDigest);
    if (keys === null) return null;
    const { artifacts: statements, builds } = await artifacts.statementsOf(keys);
    const byText = new Map<string, { signed: unknown; signatures: { keyid: string; sig: string }[] }>();
    for (const { statement, keyid, sig } of statements) {
      const envelope = byText.get(statement) ?? { signed: JSON.parse(statement) as unknown, signatures: [] };
      envelope.signatures.push({ keyid, sig });
      byText.set(statement, envelope);
    }
    // What is not of the agreed form no gateway would read, and with it none of the others.
    const answer = { artifacts: [...byText.values()], builds: [...builds] };
    return Value.Check(PackageStatementsSchema, answer) ? answer : { artifacts: [], builds: [] };
  }
}
