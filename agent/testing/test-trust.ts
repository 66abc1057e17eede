/** Keys, metadata and signatures for tests, and a device server that hands them on: honestly, or as a test has it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Order, Task } from '../../domain/agent-protocol/messages.js';
import { renderMetadataText, renderStatementsText } from '../../domain/agent-protocol/signed-text-form.js';
import { signedText, wantsText } from '../../domain/agent-protocol/text-form.js';
import { operationOf } from '../../domain/artifact/manifest-operation.js';
import type { ArtifactInput } from '../../domain/package-format/layout-package.js';
import { treeDigest } from '../../domain/package-format/package-tables.js';
import type { Envelope } from '../../domain/trust/metadata.js';
import type { ArtifactStatement, PackageStatements } from '../../domain/trust/statement.js';
import { envelopeOf, Signer } from '../../trust/ed25519.js';
import {
  dayMs,
  instantText,
  newRoot,
  newSnapshot,
  newTargets,
  newTimestamp,
  type NewDelegation,
} from '../../trust/make-metadata.js';
import type { DeviceServer } from './device-server.js';
import { sha256, type TestPackage } from './test-package.js';

export class TestTrust {
  readonly root = Signer.generate();
  readonly targets = Signer.generate();
  readonly publisher = Signer.generate();
  readonly builder = Signer.generate();
  online = Signer.generate();
  /** A director as good as the one that is online. */
  readonly otherDirector = Signer.generate();
  /** What is served, by name. */
  readonly files = new Map<string, string>();
  /** What is served beside packages, by the digest of the archive. */
  readonly statements = new Map<string, unknown>();
  /** Answers a request for metadata or statements itself and returns true. */
  intercept: (path: string, response: ServerResponse) => boolean = () => false;
  nowMs = Date.parse('2026-11-27T03:00:00Z');
  #counter = 1_000;
  #root = 0;
  #targets = 0;

  constructor() {
    this.nextRoot([this.root]);
    this.nextTargets();
  }

  /** Publishes the next root, with the online key that there is now. */
  nextRoot(signers: readonly Signer[]): void {
    this.#root += 1;
    const single = ({ publicKey }: Signer) => ({ publicKeys: [publicKey], threshold: 1 });
    const root = newRoot(this.#root, this.nowMs + 365 * dayMs, {
      root: single(this.root),
      targets: single(this.targets),
      snapshot: single(this.online),
      timestamp: single(this.online),
    });
    this.files.set(`${this.#root}.root.json`, JSON.stringify(envelopeOf(root, signers)));
  }

  /** Publishes the next delegations, and what leads to them. */
  nextTargets(
    publishers: readonly NewDelegation[] = [this.publishes(this.publisher)],
    unsigned: readonly string[] = [],
  ): void {
    this.#targets += 1;
    const held = ({ publicKey }: Signer) => ({ publicKeys: [publicKey], threshold: 1, terminating: true });
    const delegations = [
      {
        ...{ name: 'directors', ...held(this.online), paths: ['tasks/*'] },
        publicKeys: [this.online.publicKey, this.otherDirector.publicKey],
      },
      { name: 'builders', ...held(this.builder), paths: ['builds/*'] },
      ...publishers,
    ];
    const targets = newTargets(this.#targets, this.nowMs + 365 * dayMs, delegations, unsigned);
    this.files.set(`${this.#targets}.targets.json`, JSON.stringify(envelopeOf(targets, [this.targets])));
    const snapshot = newSnapshot(this.#targets, instantText(this.nowMs + 365 * dayMs), this.#targets);
    this.files.set(`${this.#targets}.snapshot.json`, JSON.stringify(envelopeOf(snapshot, [this.online])));
    this.nextTimestamp();
  }

  nextTimestamp(lastsMs = 7 * dayMs, version = Math.trunc(this.nowMs / 1_000) + this.#targets): void {
    const timestamp = newTimestamp(version, this.nowMs + lastsMs, this.#targets);
    this.files.set('timestamp.json', JSON.stringify(envelopeOf(timestamp, [this.online])));
  }

  publishes(signer: Signer, ...names: readonly string[]): NewDelegation {
    const paths = (names.length === 0 ? ['*'] : names).map((name) => `artifacts/${name}`);
    return { name: 'publisher', publicKeys: [signer.publicKey], threshold: 1, paths, terminating: false };
  }

  /** A task as the director signs it, for `gw-test` unless it is for another. */
  task<T extends Task | Order>(
    task: T,
    { by = this.online, gatewayId = 'gw-test', lastsMs = 3_600_000, counter = (this.#counter += 1) } = {},
  ): T {
    const signed = {
      gatewayId,
      counter,
      signedAt: new Date(this.nowMs).toISOString(),
      expires: new Date(this.nowMs + lastsMs).toISOString(),
    };
    const text = signedText({ ...task, signed: { ...signed, signatures: [] } });
    return { ...task, signed: { ...signed, signatures: [by.sign(Buffer.from(text))] } };
  }

  /** Serves what a publisher has signed of a package. */
  state(built: TestPackage, ...statements: PackageStatements['artifacts']): void {
    const artifacts =
      statements.length === 0 ? built.artifacts.map((one) => this.statement(one)) : statements;
    this.statements.set(built.digest, { artifacts, builds: [] });
  }

  statement(
    artifact: ArtifactInput,
    over: Partial<ArtifactStatement> = {},
    by: Signer = this.publisher,
  ): PackageStatements['artifacts'][number] {
    const files = [...artifact.files].sort((left, right) => (left.path < right.path ? -1 : 1));
    const statement: ArtifactStatement = {
      _type: 'leonore-artifact-1',
      name: artifact.name,
      version: artifact.version,
      kind: artifact.kind,
      manifest: '00'.repeat(32),
      operation: operationOf(artifact),
      requires: [],
      provides: [],
      variants: [{ tree: treeDigest(files, sha256) }],
      ...over,
    };
    const { signed, signatures } = envelopeOf(statement, [by]);
    return { signed, signatures: [...signatures] };
  }

  /** Has a device server hand all this on. */
  serveOn(server: DeviceServer): void {
    server.intercept = (request, response) => this.#answer(request, response);
  }

  #answer(request: IncomingMessage, response: ServerResponse): boolean {
    const path = request.url ?? '';
    const [, file] = /^\/device\/v1\/trust\/(.+)$/.exec(path) ?? [];
    const [, digest] = /^\/device\/v1\/packages\/([0-9a-f]+)\/statements$/.exec(path) ?? [];
    if (file === undefined && digest === undefined) return false;
    if (this.intercept(path, response)) return true;
    const statements = digest === undefined ? undefined : JSON.stringify(this.statements.get(digest));
    const body = file === undefined ? statements : this.files.get(file);
    if (wantsText(request.headers.accept) && body !== undefined) {
      const said: unknown = JSON.parse(body);
      const text =
        file === undefined
          ? renderStatementsText(said as PackageStatements)
          : renderMetadataText(said as Envelope<unknown>);
      response.writeHead(200, { 'content-type': 'text/plain' }).end(text);
      return true;
    }
    response
      .writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' })
      .end(body ?? '{}');
    return true;
  }
}
