import { once } from 'node:events';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Agent, request } from 'undici';
import { formatLabels } from '../domain/balancer/labels.js';
import { LeonoreError } from '../domain/errors.js';
import { packageRoot } from '../process/package-root.js';
import { BoundedLog } from './bounded-log.js';
import { acquireFileLock, type FileLock, LockedError } from './file-lock.js';
import { loopback } from './free-port.js';
import { launchEntryPoint } from './launch-entry-point.js';
import { awaitLeftovers } from './leftovers.js';
import { localAuthority, type LocalAuthority } from './local-authority.js';
import { PortBook } from './port-book.js';
import { type NodeKeeper, serveNodeRequests } from './node-requests.js';
import { migrateDatabase, postgresPart } from './postgres-part.js';
import { processIdentity } from './process-identity.js';
import type { EntryPoints, Stack, StackOptions } from './start-stack.js';
import { readSavedState, type StackState, writeStackState } from './state-file.js';
import { type Launch, type PartState, SupervisedPart } from './supervised-part.js';
import { defaultNamespace, prepareExternalServer, startDevServer } from './temporal/dev-server.js';
import { obtainTemporalCli } from './temporal/obtain-cli.js';
import { processRole } from './postgres/process-role.js';
import { publicPathOf } from '../trust/sealing-key-file.js';
import { secretKey, valuesKey } from './secret-key.js';
import { stackTrust, type StackTrust } from './stack-trust.js';
import { hashToken, newToken } from './tokens.js';

/** How long each kind of process may take to end before SIGKILL. */
const graceMs = { process: 15_000, temporal: 5_000, postgres: 15_000 };

/** Requests in ten seconds: as many as this machine can serve. */
const addressBudget = 1_000_000;

/** What the user keeps for himself: the processes are handed hashes, and no server but their own. */
const withheld = ['LEONORE_TOKEN', 'LEONORE_SERVER'];

/** The stack behind {@link startStack}; see there. */
export class EmbeddedStack implements Stack {
  readonly adminToken: string;
  readonly enrolmentToken: string;
  readonly failed: Promise<Error>;
  api = '';
  ca: string | null = null;
  temporal = '';
  temporalUi: string | null = null;
  database = '';

  private readonly partsByName = new Map<string, SupervisedPart>();
  private readonly logs = new Map<string, BoundedLog>();
  private readonly nodeAddresses = new Map<string, string>();
  /** Nodes that the balancer has had launched, with their labels. */
  private readonly launched: Map<string, Readonly<Record<string, string>>>;
  private readonly env: NodeJS.ProcessEnv;
  private readonly entryPoints: EntryPoints;
  private readonly progress: (line: string) => void;
  private reportFailure: (error: Error) => void = () => undefined;
  private namespace = defaultNamespace;
  private isClosing = false;
  /** The database, as the processes connect to it. */
  private processDatabase = '';
  private secretKey = '';
  private valuesKey = '';
  private authority: LocalAuthority | null = null;
  private trust: StackTrust | null = null;
  private hasStopped = false;
  private stopping: Promise<void> | undefined;
  private saving: Promise<void> = Promise.resolve();

  private constructor(
    readonly dataDir: string,
    tokens: Pick<StackState, 'adminToken' | 'enrolmentToken'>,
    private readonly options: StackOptions,
    private readonly ports: PortBook,
    private readonly lock: FileLock,
    launchedBefore: Readonly<Record<string, Readonly<Record<string, string>>>>,
  ) {
    ({ adminToken: this.adminToken, enrolmentToken: this.enrolmentToken } = tokens);
    // Known from the beginning: a stack that is killed while it starts must not forget them.
    const own = new Set(nodeIds(options));
    this.launched = new Map(Object.entries(launchedBefore).filter(([id]) => !own.has(id)));
    this.env = { ...process.env, ...options.env };
    this.progress = options.onProgress ?? (() => undefined);
    const dist = join(packageRoot(), 'dist');
    this.entryPoints = {
      api: join(dist, 'api', 'server.js'),
      coordinator: join(dist, 'workers', 'coordinator.js'),
      node: join(dist, 'workers', 'node.js'),
      ...options.entryPoints,
    };
    this.failed = new Promise((resolveFailure) => {
      this.reportFailure = resolveFailure;
    });
  }

  static async start(options: StackOptions): Promise<EmbeddedStack> {
    const dataDir = resolve(options.dataDir);
    await mkdir(dataDir, { recursive: true });
    // Root runs PostgreSQL as another user, who must be able to pass, not to look.
    await chmod(dataDir, process.getuid?.() === 0 ? 0o711 : 0o700);
    await Promise.all(
      ['temporal', 'blobs'].map((name) => mkdir(join(dataDir, name), { recursive: true, mode: 0o700 })),
    );
    const lock = await lockDataDirectory(dataDir);
    try {
      const saved = await readSavedState(dataDir);
      if (saved !== undefined) await awaitLeftovers(saved, options.onProgress ?? (() => undefined));
      const ports = new PortBook(saved?.ports ?? {});
      const { adminToken = newToken(), enrolmentToken = newToken() } = saved ?? {};
      const launchedBefore = saved?.launched ?? {};
      const stack = new EmbeddedStack(
        dataDir,
        { adminToken, enrolmentToken },
        options,
        ports,
        lock,
        launchedBefore,
      );
      await stack.startAll();
      return stack;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  private async startAll(): Promise<void> {
    const { signal } = this.options;
    try {
      signal?.throwIfAborted();
      const aborted =
        signal === undefined
          ? []
          : [once(signal, 'abort').then(() => Promise.reject(new Error('the start was given up')))];
      await Promise.race([this.startParts(), ...aborted]);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  private async startParts(): Promise<void> {
    const { port, nodes = 1 } = this.options;
    const launchedBefore = [...this.launched];
    const apiPort =
      port === undefined || port === 0
        ? await this.ports.choose('api')
        : await this.ports.require('api', port);
    if (this.options.tls === true) this.authority = await localAuthority(this.dataDir, Date.now());
    this.ca = this.authority?.caPath ?? null;
    this.api = `${this.ca === null ? 'http' : 'https'}://${loopback}:${apiPort}`;
    await Promise.all([this.startDatabase(), this.startTemporal()]);
    this.secretKey = await secretKey(this.dataDir);
    this.valuesKey = await valuesKey(this.dataDir);
    // Whoever brings keys of his own has his own ceremony.
    if (this.env['LEONORE_DIRECTOR_KEY'] === undefined)
      this.trust = await stackTrust(this.dataDir, Date.now());
    await Promise.all([
      this.startOwn('api', 'api', {
        LEONORE_HOST: loopback,
        LEONORE_PORT: String(apiPort),
        LEONORE_SECRET_KEYS: this.env['LEONORE_SECRET_KEYS'] ?? this.secretKey,
        LEONORE_VALUES_PUBLIC_KEY: this.env['LEONORE_VALUES_PUBLIC_KEY'] ?? publicPathOf(this.valuesKey),
        LEONORE_TOKENS: this.besides('LEONORE_TOKENS', `admin:${hashToken(this.adminToken)}`),
        LEONORE_ENROLMENT_TOKENS: this.besides('LEONORE_ENROLMENT_TOKENS', hashToken(this.enrolmentToken)),
        ...(this.ca === null ? {} : { LEONORE_TLS_CA: this.ca }),
        ...(this.temporalUi === null ? {} : { LEONORE_TEMPORAL_UI_URL: this.temporalUi }),
      }),
      this.startOwn('coordinator', 'coordinator', {
        ...this.poolEnvironment(nodes),
        LEONORE_SECRET_KEYS: this.env['LEONORE_SECRET_KEYS'] ?? this.secretKey,
      }),
      ...nodeIds(this.options).map((id) => this.startNode(id)),
      ...launchedBefore.map(([id, labels]) => this.startAgain(id, labels)),
    ]);
    await this.publishTrust();
    await this.save();
  }

  /** The stack's own entry of a list, and those that the user has configured. */
  private besides(variable: string, own: string): string {
    return [own, this.env[variable] ?? ''].filter((entry) => entry !== '').join(',');
  }

  /** Gateways pin the root when they enrol, so it has to be known before the stack is. */
  private async publishTrust(): Promise<void> {
    if (this.trust === null) return;
    const dispatcher = new Agent(this.ca === null ? {} : { connect: { ca: await readFile(this.ca) } });
    try {
      const { statusCode, body } = await request(`${this.api}/api/v1/trust`, {
        dispatcher,
        method: 'PUT',
        headers: { authorization: `Bearer ${this.adminToken}`, 'content-type': 'application/json' },
        body: JSON.stringify(this.trust.published),
      });
      const answer = await body.text();
      if (statusCode === 200) this.progress('trust: tasks are signed; unsigned artifacts are installed, too');
      else this.progress(`trust: its keys are not published: ${answer}`);
    } finally {
      await dispatcher.close();
    }
  }

  private async startDatabase(): Promise<void> {
    const external = this.env['DATABASE_URL'];
    const isExternal = external !== undefined && external !== '';
    if (isExternal) {
      this.database = external;
      this.progress('PostgreSQL: the one that DATABASE_URL names');
    } else {
      const port = await this.ports.choose('postgres');
      const part = await postgresPart(this.dataDir, port, this.logOf('postgres'));
      this.database = part.url;
      await this.addPart('postgres', part.launch, 'SIGINT', graceMs.postgres);
    }
    await migrateDatabase(this.database, this.progress);
    // Which roles there are on a server of somebody else is his to say.
    this.processDatabase = isExternal ? external : await processRole(this.database);
  }

  private async startTemporal(): Promise<void> {
    const external = this.env['TEMPORAL_ADDRESS'];
    if (external !== undefined && external !== '') {
      this.temporal = external;
      this.temporalUi = this.env['TEMPORAL_UI_URL'] ?? null;
      this.namespace = this.env['TEMPORAL_NAMESPACE'] ?? defaultNamespace;
      await prepareExternalServer(external, this.namespace);
      this.progress(`Temporal: the one at ${external} (TEMPORAL_ADDRESS)`);
      return;
    }
    const cli = await obtainTemporalCli({ env: this.env, onProgress: this.progress });
    const port = await this.ports.choose('temporal');
    const uiPort = await this.ports.choose('temporal-ui');
    this.temporal = `${loopback}:${port}`;
    this.temporalUi = `http://${loopback}:${uiPort}`;
    const launch: Launch = async (spawned) => {
      await startDevServer({
        cli,
        port,
        uiPort,
        dbFile: join(this.dataDir, 'temporal', 'temporal.db'),
        log: this.logOf('temporal'),
        orphan: { signal: 'TERM', graceMs: graceMs.temporal },
        spawned,
      });
    };
    await this.addPart('temporal', launch, 'SIGTERM', graceMs.temporal);
  }

  /** Starts one of LEONORE's own processes. */
  private startOwn(name: string, script: keyof EntryPoints, extra: Record<string, string>): Promise<void> {
    const own = {
      DATABASE_URL: this.processDatabase,
      TEMPORAL_ADDRESS: this.temporal,
      TEMPORAL_NAMESPACE: this.namespace,
      LEONORE_BLOBS: join(this.dataDir, 'blobs'),
      // Here the whole fleet is behind one address.
      LEONORE_ADDRESS_BUDGET: this.env['LEONORE_ADDRESS_BUDGET'] ?? String(addressBudget),
      // Whoever tries LEONORE on a machine without namespaces builds his own artifacts.
      LEONORE_BUILD_ISOLATION: this.env['LEONORE_BUILD_ISOLATION'] ?? 'best',
      // The gateways too are on this machine.
      LEONORE_PUSH_ADDRESSES: this.env['LEONORE_PUSH_ADDRESSES'] ?? '127.0.0.0/8,::1/128',
      ...(this.authority === null
        ? {}
        : { LEONORE_TLS_CERT: this.authority.certPath, LEONORE_TLS_KEY: this.authority.keyPath }),
    };
    const inherited = Object.entries(this.env).filter(([key]) => !withheld.includes(key));
    const env = { ...Object.fromEntries(inherited), ...own, ...extra };
    const launch: Launch = async (spawned) => {
      const address = await launchEntryPoint(
        { name, script: this.entryPoints[script], env, log: this.logOf(name), graceMs: graceMs.process },
        (guarded) => {
          if (script === 'coordinator') serveNodeRequests(guarded.child, this.nodeKeeper);
          spawned(guarded);
        },
      );
      if (script === 'node' && address !== undefined) this.nodeAddresses.set(name, address);
    };
    return this.addPart(name, launch, 'SIGTERM', graceMs.process);
  }

  private async addPart(
    name: string,
    launch: Launch,
    stopSignal: NodeJS.Signals,
    partGraceMs: number,
  ): Promise<void> {
    if (this.isClosing) throw new Error('the stack is stopping');
    const startedMs = Date.now();
    const part = new SupervisedPart({
      name,
      launch,
      stopSignal,
      graceMs: partGraceMs,
      onProgress: this.progress,
      onChange: () => void this.save(),
      onFailed: (error) => this.partFailed(name, error),
    });
    this.partsByName.set(name, part);
    await part.startOnce();
    this.progress(`${name} is ready after ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
  }

  parts(): string[] {
    return [...this.partsByName.keys()];
  }

  pid(name: string): number | undefined {
    return this.part(name).pid;
  }

  waitFor(name: string, state: PartState, timeoutMs?: number): Promise<void> {
    return this.part(name).waitFor(state, timeoutMs);
  }

  kill(name: string, signal: NodeJS.Signals): Promise<void> {
    return this.part(name).kill(signal);
  }

  halt(name: string, signal?: NodeJS.Signals): Promise<void> {
    return this.part(name).halt(signal);
  }

  start(name: string): Promise<void> {
    return this.part(name).start();
  }

  async restart(name: string): Promise<void> {
    await this.halt(name);
    await this.start(name);
  }

  async startNode(id: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    if (this.partsByName.has(id)) return this.start(id);
    const port = await this.ports.choose(id);
    const extra = {
      LEONORE_HOST: loopback,
      LEONORE_PORT: String(port),
      LEONORE_NODE_ID: id,
      LEONORE_SECRET_KEYS: this.env['LEONORE_SECRET_KEYS'] ?? this.secretKey,
      LEONORE_VALUES_KEY: this.env['LEONORE_VALUES_KEY'] ?? this.valuesKey,
      ...(this.trust === null
        ? {}
        : { LEONORE_DIRECTOR_KEY: this.trust.director, LEONORE_BUILDER_KEY: this.trust.builder }),
    };
    const text = formatLabels(labels);
    await this.startOwn(id, 'node', text === '' ? extra : { ...extra, LEONORE_NODE_LABELS: text });
  }

  /** What the coordinator may ask for: nodes that come and go with the load. */
  private readonly nodeKeeper: NodeKeeper = {
    startNode: async (id, labels) => {
      if (!this.partsByName.has(id)) this.launched.set(id, labels);
      try {
        await this.startNode(id, labels);
      } catch (error) {
        // It is the pool that tries again; until then there is no such part. One that did not come up because the
        // stack ends is brought back by the next start.
        if (!this.isClosing) this.forget(id);
        throw error;
      }
    },
    stopNode: async (id) => {
      if (this.partsByName.has(id)) await this.stopNode(id);
    },
  };

  /** Brings back a node that the balancer had launched; it is no reason for the stack to fail. */
  private async startAgain(id: string, labels: Readonly<Record<string, string>>): Promise<void> {
    await this.nodeKeeper.startNode(id, labels).catch((error: unknown) => {
      this.progress(`${id} is not brought back: ${error instanceof Error ? error.message : String(error)}`);
    });
  }

  /** Without a part of its own the stack cannot go on; without a node that was launched for load it can. */
  private partFailed(name: string, error: Error): void {
    if (!this.launched.has(name)) {
      this.reportFailure(error);
      return;
    }
    this.progress(`${name} is given up: ${error.message}`);
    this.forget(name);
    void this.save();
  }

  private forget(id: string): void {
    this.partsByName.delete(id);
    this.nodeAddresses.delete(id);
    this.launched.delete(id);
  }

  /** The pool's settings, as far as they were chosen here; the others may come from the environment. */
  private poolEnvironment(nodes: number): Record<string, string> {
    const { maxNodes, threshold, balancer, settleSeconds } = this.options;
    return {
      LEONORE_NODES_MIN: String(nodes),
      ...(maxNodes === undefined ? {} : { LEONORE_NODES_MAX: String(maxNodes) }),
      ...(threshold === undefined ? {} : { LEONORE_NODE_THRESHOLD: String(threshold) }),
      ...(balancer === undefined ? {} : { LEONORE_BALANCER: balancer }),
      ...(settleSeconds === undefined ? {} : { LEONORE_SETTLE_SECONDS: String(settleSeconds) }),
    };
  }

  async stopNode(id: string): Promise<void> {
    await this.halt(id);
    this.forget(id);
    await this.save();
  }

  stop(): Promise<void> {
    this.stopping ??= this.stopAll();
    return this.stopping;
  }

  private async stopAll(): Promise<void> {
    this.isClosing = true;
    const own = this.parts().filter((name) => name !== 'postgres' && name !== 'temporal');
    await Promise.all(own.map((name) => this.halt(name)));
    // What they still had to say to the two has been said; the two know nothing of each other.
    await Promise.all([this.partsByName.get('temporal')?.halt(), this.partsByName.get('postgres')?.halt()]);
    this.hasStopped = true;
    await this.save();
    for (const log of this.logs.values()) log.close();
    await this.lock.release();
  }

  private part(name: string): SupervisedPart {
    const part = this.partsByName.get(name);
    if (part === undefined) {
      throw new LeonoreError(
        'MALFORMED_INPUT',
        `the stack has no part ${name}; it has ${this.parts().join(', ')}`,
      );
    }
    return part;
  }

  private logOf(name: string): BoundedLog {
    const known = this.logs.get(name);
    if (known !== undefined) return known;
    const log = new BoundedLog(join(this.dataDir, 'logs', `${name}.log`));
    this.logs.set(name, log);
    return log;
  }

  /** Writes the state file; one write at a time, each of what holds when its turn comes. */
  private save(): Promise<void> {
    this.saving = this.saving
      .then(() => writeStackState(this.dataDir, this.currentState()))
      .catch((error: unknown) => {
        this.progress(
          `the state file cannot be written: ${error instanceof Error ? error.message : String(error)}`,
        );
      });
    return this.saving;
  }

  private currentState(): StackState {
    const pids: Record<string, number> = {};
    const identities: Record<string, string> = {};
    // Without it nobody takes the file for that of a running stack.
    if (!this.hasStopped) identities['stack'] = processIdentity(process.pid) ?? 'unknown';
    for (const part of this.partsByName.values()) {
      const identity = part.pid === undefined ? undefined : processIdentity(part.pid);
      if (part.pid === undefined || identity === undefined) continue;
      pids[part.name] = part.pid;
      identities[part.name] = identity;
    }
    return {
      api: this.api,
      ...(this.ca === null ? {} : { ca: this.ca }),
      temporal: this.temporal,
      temporalUi: this.temporalUi,
      database: this.database,
      adminToken: this.adminToken,
      enrolmentToken: this.enrolmentToken,
      nodes: Object.fromEntries(this.nodeAddresses),
      pids,
      stackPid: process.pid,
      identities,
      launched: Object.fromEntries(this.launched),
      ports: this.ports.entries(),
    };
  }
}

/** The nodes that the stack always has. */
function nodeIds({ nodes = 1 }: StackOptions): string[] {
  return Array.from({ length: nodes }, (_, index) => `node-${index + 1}`);
}

async function lockDataDirectory(dataDir: string): Promise<FileLock> {
  try {
    return await acquireFileLock(join(dataDir, 'stack.lock'));
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    throw new LeonoreError(
      'MALFORMED_INPUT',
      `another stack (process ${error.holderPid}) runs on ${dataDir}; stop it, or choose another data directory`,
      { dataDir, pid: error.holderPid },
      { cause: error },
    );
  }
}
