/**
 * A directory in which trust is kept by hand: `<n>.root.json` and `<n>.targets.json`, every version of them, and the private
 * keys below `keys/`. It belongs on a machine that is not a server, and its keys under a passphrase; servers get `online.json`
 * and `builder.json`, no others.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LeonoreError } from '../domain/errors.js';
import {
  delegationsOf,
  readMetadata,
  type Delegation,
  type Delegations,
  type Envelope,
  type Root,
  type Targets,
} from '../domain/trust/metadata.js';
import { envelopeOf, Signer } from './ed25519.js';
import { readKeyFile, readPublicPart, writeKeyFile } from './key-file.js';
import {
  dayMs,
  delegationOf,
  instantText,
  keysOf,
  newRoot,
  newTargets,
  type NewDelegation,
} from './make-metadata.js';
import type { RotatableRole } from './rotatable-roles.js';

export interface NewTrust {
  /** Keys of the root, and how many must sign a new one. */
  readonly rootKeys: number;
  readonly threshold: number;
  readonly lastsDays: number;
  /** Patterns of names that nobody has to sign. */
  readonly unsigned: readonly string[];
  /** Publishers to begin with. */
  readonly publishers: readonly {
    readonly name: string;
    readonly signer: Signer;
    readonly paths: readonly string[];
  }[];
}

/** What a delegation of each server's key is called. */
const directors = 'directors';
const builders = 'builders';
const serverPaths = {
  directors: { paths: ['tasks/*'], terminating: true },
  builders: { paths: ['builds/*'], terminating: true },
} as const;
/** Delegations are dated anew with each change of them, to this at least. */
const targetsLastDays = 730;

export class TrustDirectory {
  constructor(
    private readonly directory: string,
    private readonly passphrase: string,
  ) {}

  keyPath(name: string): string {
    return join(this.directory, 'keys', `${name}.json`);
  }

  /** Whether there is anything yet. */
  async isMade(): Promise<boolean> {
    return (await this.versions('root')).length > 0;
  }

  /** Makes keys, the first root and the first delegations. @throws LeonoreError MALFORMED_INPUT where there is one already */
  async make(
    { rootKeys, threshold, lastsDays, unsigned, publishers }: NewTrust,
    nowMs: number,
  ): Promise<void> {
    if (await this.isMade()) throw malformed(`${this.directory} holds a root already`);
    await mkdir(join(this.directory, 'keys'), { recursive: true, mode: 0o700 });
    const roots = await Promise.all(
      Array.from({ length: rootKeys }, (_, index) => this.newKey(`root-${index + 1}`)),
    );
    const [targets, online, builder] = await Promise.all(
      ['targets', 'online', 'builder'].map((name) => this.newKey(name)),
    );
    if (targets === undefined || online === undefined || builder === undefined) throw new Error('no keys');
    const expiresMs = nowMs + lastsDays * dayMs;
    const single = (signer: Signer) => ({ publicKeys: [signer.publicKey], threshold: 1 });
    const delegations: NewDelegation[] = [
      { name: directors, ...single(online), ...serverPaths.directors },
      { name: builders, ...single(builder), ...serverPaths.builders },
      ...publishers.map(({ name, signer, paths }) => ({
        name,
        ...single(signer),
        paths,
        terminating: false,
      })),
    ];
    await this.write(envelopeOf(newTargets(1, expiresMs, delegations, unsigned), [targets]));
    const root = newRoot(1, expiresMs, {
      root: { publicKeys: roots.map(({ publicKey }) => publicKey), threshold },
      targets: single(targets),
      snapshot: single(online),
      timestamp: single(online),
    });
    // Last: where there is a root, there is all the rest.
    await this.write(envelopeOf(root, roots));
  }

  async root(): Promise<Envelope<Root>> {
    return readMetadata('root', await this.read('root', await this.newest('root')));
  }

  async targets(): Promise<Envelope<Targets>> {
    return readMetadata('targets', await this.read('targets', await this.newest('targets')));
  }

  /** Everything that servers are to have. */
  async published(): Promise<{ roots: string[]; targets: string }> {
    const roots = await Promise.all(
      (await this.versions('root')).map((version) => this.read('root', version)),
    );
    return { roots, targets: await this.read('targets', await this.newest('targets')) };
  }

  /** Adds a delegation after the others, or replaces the one of that name in its place. */
  async delegate(delegation: NewDelegation): Promise<void> {
    const delegations = delegationsOf((await this.targets()).signed);
    const changed = delegationOf(delegation);
    const { roles } = delegations;
    const isThere = roles.some(({ name }) => name === delegation.name);
    const replaced = roles.map((role) => (role.name === delegation.name ? changed : role));
    const keys = { ...delegations.keys, ...keysOf([delegation]) };
    await this.changeDelegations(isThere ? replaced : [...roles, changed], keys);
  }

  /**
   * Takes a key out of every delegation; one that has too few keys then can sign nothing any more.
   * @throws LeonoreError MALFORMED_INPUT when it is in none
   */
  async revoke(keyid: string): Promise<void> {
    const { roles, keys } = delegationsOf((await this.targets()).signed);
    if (!roles.some(({ keyids }) => keyids.includes(keyid)))
      throw malformed(`no delegation has the key ${keyid}`);
    const left = roles.map((role) => ({ ...role, keyids: role.keyids.filter((held) => held !== keyid) }));
    await this.changeDelegations(left, keys);
  }

  /** Says anew which names nobody has to sign; `control` becomes that of this version of LEONORE. */
  async allowUnsigned(unsigned: readonly string[]): Promise<void> {
    const { signed } = await this.targets();
    const { control } = newTargets(1, 0, [], []);
    await this.nextTargets({
      ...signed,
      unsigned: [...unsigned],
      ...(control === undefined ? {} : { control }),
    });
  }

  /**
   * Gives a role new keys by a new root, which the keys of the old one and its own sign. The old private keys are kept beside,
   * as `<name>.<version>.json`, until somebody destroys them.
   */
  async rotate(role: RotatableRole, nowMs: number, lastsDays: number): Promise<void> {
    if (role === 'builder') {
      const { publicKey } = await this.newKey(`builder.v${(await this.targets()).signed.version + 1}`);
      await this.delegate({ name: builders, publicKeys: [publicKey], threshold: 1, ...serverPaths.builders });
      return;
    }
    const before = (await this.root()).signed;
    const version = before.version + 1;
    const signing = await this.holders(before, 'root');
    const count = role === 'root' ? before.roles.root.keyids.length : 1;
    const fresh = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        this.newKey(`${role === 'root' ? `root-${index + 1}` : role}.v${version}`),
      ),
    );
    const keys = { ...before.keys, ...keysOf([{ publicKeys: fresh.map(({ publicKey }) => publicKey) }]) };
    const keyids = fresh.map(({ keyid }) => keyid);
    const roles = { ...before.roles };
    for (const name of role === 'online' ? (['snapshot', 'timestamp'] as const) : [role]) {
      roles[name] = { keyids, threshold: roles[name].threshold };
    }
    const used = new Set(Object.values(roles).flatMap((holders) => holders.keyids));
    const root = {
      ...before,
      version,
      expires: instantText(nowMs + lastsDays * dayMs),
      keys: Object.fromEntries(Object.entries(keys).filter(([keyid]) => used.has(keyid))),
      roles,
    };
    const signers = role === 'root' ? [...signing, ...fresh] : signing;
    await this.write(envelopeOf(root, signers));
    if (role === 'online') {
      const [online] = fresh;
      if (online === undefined) throw new Error('no key');
      await this.delegate({
        name: directors,
        publicKeys: [online.publicKey],
        threshold: 1,
        ...serverPaths.directors,
      });
    } else if (role === 'targets') await this.nextTargets((await this.targets()).signed);
  }

  private async changeDelegations(roles: readonly Delegation[], keys: Delegations['keys']): Promise<void> {
    const used = new Set(roles.flatMap(({ keyids }) => keyids));
    const left = Object.fromEntries(Object.entries(keys).filter(([keyid]) => used.has(keyid)));
    const { signed } = await this.targets();
    await this.nextTargets({ ...signed, delegations: { keys: left, roles: [...roles] } });
  }

  private async nextTargets(targets: Targets): Promise<void> {
    const signers = await this.holders((await this.root()).signed, 'targets');
    const expiresMs = Math.max(Date.parse(targets.expires), Date.now() + targetsLastDays * dayMs);
    const next = { ...targets, version: targets.version + 1, expires: instantText(expiresMs) };
    await this.write(envelopeOf(next, signers));
  }

  /** The private keys of a role that lie here, as many as must sign. */
  private async holders({ roles, keys }: Root, role: 'root' | 'targets'): Promise<Signer[]> {
    const { keyids, threshold } = roles[role];
    const signers: Signer[] = [];
    for (const name of await readdir(join(this.directory, 'keys'))) {
      const path = join(this.directory, 'keys', name);
      const { publicKey } = await readPublicPart(path);
      const held = Object.entries(keys).find(
        ([keyid, key]) => keyids.includes(keyid) && key.keyval.public === publicKey,
      );
      if (held !== undefined) signers.push(await readKeyFile(path, this.passphrase));
    }
    if (signers.length >= threshold) return signers;
    throw malformed(
      `${signers.length} keys of the role ${role} lie in ${this.directory}/keys; ${threshold} must sign`,
    );
  }

  private async newKey(name: string): Promise<Signer> {
    const signer = Signer.generate();
    // Servers start by themselves, so their keys are under no passphrase.
    const passphrase = /^(online|builder)/.test(name) ? '' : this.passphrase;
    await writeKeyFile(this.keyPath(name), { name, signer, passphrase });
    return signer;
  }

  private async write(envelope: Envelope<Root | Targets>): Promise<void> {
    const { _type: role, version } = envelope.signed;
    const path = join(this.directory, `${version}.${role}.json`);
    await writeFile(path, `${JSON.stringify(envelope)}\n`, { flag: 'wx', flush: true });
  }

  private read(role: 'root' | 'targets', version: number): Promise<string> {
    return readFile(join(this.directory, `${version}.${role}.json`), 'utf8');
  }

  private async newest(role: 'root' | 'targets'): Promise<number> {
    const newest = (await this.versions(role)).at(-1);
    if (newest === undefined)
      throw malformed(`${this.directory} holds no ${role}; begin with \`leonore trust init\``);
    return newest;
  }

  private async versions(role: 'root' | 'targets'): Promise<number[]> {
    const names = await readdir(this.directory).catch(() => []);
    const pattern = new RegExp(`^(\\d+)\\.${role}\\.json$`);
    return names
      .flatMap((name) => Number(pattern.exec(name)?.[1] ?? []))
      .filter((version) => version > 0)
      .sort((a, b) => a - b);
  }
}

function malformed(problem: string): LeonoreError {
  return new LeonoreError('MALFORMED_INPUT', problem);
}
