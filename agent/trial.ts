/**
 * One delivery after the other in a container of its own, without LEONORE: what whoever writes an artifact tries it
 * with. Everything but the network is the agent's own: verification, generations, isolation, supervision, undoing.
 */
import { readFile } from 'node:fs/promises';
import type { Order, Report, ReportError, Task } from '../domain/agent-protocol/messages.js';
import type { GatewayProfile } from '../domain/gateway/profile.js';
import { openParts, type AgentParts } from './agent-parts.js';
import { stateDigest } from './container/state-digest.js';
import { deliver } from './delivery/deliver.js';
import type { DeliveryContext } from './delivery/delivery-context.js';
import { defaultTimes, type AgentOptions, type AgentTimes } from './options.js';
import { agentPaths, createAgentDirectories } from './state/agent-paths.js';
import { Journal, type JournalEntry, type JournalStep } from './state/journal.js';

/** Nothing waits for it: a trial has no time over which it counts as lost. */
const farAway = '9999-12-31T23:59:59Z';
/** Characters of what applications printed that are told, from the end. */
const printedLength = 4_096;

/** A package, and where its bytes come from. */
export interface TrialPackage {
  readonly open: () => Promise<AsyncIterable<Uint8Array>>;
  /** sha256 of its manifest. */
  readonly id: string;
  /** sha256 of the archive. */
  readonly digest: string;
  readonly sizeBytes: number;
  readonly installedSizeBytes: number;
}

/** What came of a delivery. */
export interface TrialOutcome {
  /** Null when it succeeded. */
  readonly failure: ReportError | null;
  /** What went wrong without making it fail. */
  readonly detail: string | null;
  /** What applications printed, by name, the end of it. */
  readonly printed: Readonly<Record<string, string>>;
}

/** Writes the journal as every delivery does, and tells of each step as it begins. */
class ToldJournal extends Journal {
  constructor(
    path: string,
    private readonly tell: (entry: JournalEntry) => Promise<void>,
  ) {
    super(path);
  }

  override async save(entry: JournalEntry): Promise<void> {
    await this.tell(entry);
    await super.save(entry);
  }
}

export interface TrialOptions {
  /** A directory that is the trial's alone. */
  readonly root: string;
  readonly times?: Partial<AgentTimes>;
  /** Told as each step of a delivery begins. */
  readonly onStep: (step: JournalStep) => void;
  readonly signal: AbortSignal;
}

export class Trial {
  readonly #printed: Record<string, string> = {};
  #report: Report | undefined;
  /** A step may write the journal in its middle. */
  #lastStep: JournalStep | undefined;

  private constructor(
    private readonly options: TrialOptions,
    private readonly parts: AgentParts,
    /** Of this machine, as a gateway would report it. */
    readonly profile: GatewayProfile,
  ) {}

  /** Opens an empty container. @throws LeonoreError when this machine makes no gateway */
  static async open(options: TrialOptions): Promise<Trial> {
    await createAgentDirectories(agentPaths(options.root));
    const agent: AgentOptions = {
      root: options.root,
      id: 'trial',
      // Nobody is ever asked there.
      server: 'http://trial.invalid',
      enrolmentToken: 'none',
      times: options.times,
    };
    const parts = await openParts(agent);
    return new Trial(options, parts, await parts.profiler.read());
  }

  /** How far applications are kept from this machine: `full`, `user` or `none`. */
  get isolation(): string {
    return this.parts.launcher.level;
  }

  /** Installs a package and starts its applications, or leaves everything as it was. */
  async install(wanted: TrialPackage, values: Readonly<Record<string, string>>): Promise<TrialOutcome> {
    const { id, digest, sizeBytes, installedSizeBytes } = wanted;
    const task: Task = {
      deliveryId: 'install',
      rolloutId: 'trial',
      action: 'install',
      package: { id, digest, sizeBytes, installedSizeBytes },
      remove: [],
      removeFirst: false,
      values,
      deadline: farAway,
      lastSequence: 0,
    };
    return this.#deliver(task, wanted);
  }

  /** Stops and removes an artifact and those that came with it. */
  async uninstall(name: string, also: readonly string[]): Promise<TrialOutcome> {
    const order: Order = {
      deliveryId: 'uninstall',
      action: 'uninstall',
      artifact: name,
      also: [...also],
      deadline: farAway,
      lastSequence: 0,
    };
    return this.#deliver(order, null);
  }

  /** Names of artifacts whose data is there. */
  async dataLeft(): Promise<string[]> {
    return this.parts.container.dataNames();
  }

  /** Ends whatever runs. */
  async close(): Promise<void> {
    await this.parts.supervisor.stopAll();
    await this.parts.launcher.close();
    await this.parts.connectivity.close();
  }

  async #deliver(task: Task | Order, archive: TrialPackage | null): Promise<TrialOutcome> {
    this.#report = undefined;
    await deliver(this.#context(archive), task);
    await this.#notePrinted();
    const report = this.#report as Report | undefined;
    return { failure: report?.error ?? null, detail: report?.detail ?? null, printed: { ...this.#printed } };
  }

  #context(archive: TrialPackage | null): DeliveryContext {
    const { container, launcher, supervisor, log, trust, identity } = this.parts;
    const paths = agentPaths(this.options.root);
    const { scriptTimeoutMs, checkWithinMs, staysUpMs } = { ...defaultTimes, ...this.options.times };
    const { id, mark } = identity.known;
    return {
      paths,
      container,
      supervisor,
      log,
      trust,
      journal: new ToldJournal(paths.journal, async ({ step }) => {
        // What is undone takes its log along.
        if (step === 'undo' || step === 'switch') await this.#notePrinted();
        if (step !== this.#lastStep) this.options.onStep(step);
        this.#lastStep = step;
      }),
      facts: { container, launcher, gatewayId: id, temporary: paths.temporary },
      times: { scriptTimeoutMs, checkWithinMs, defaultStaysUpMs: staysUpMs },
      nowMs: () => Date.now(),
      signal: this.options.signal,
      stateDigest: async () => stateDigest(container, mark),
      fetchArchive: async (_, sink) => {
        if (archive === null) throw new Error('An order brings no package.');
        for await (const chunk of await archive.open()) await sink.write(chunk);
      },
      // Nobody offers it again.
      wasRefused: () => true,
      fetchStatements: async () => ({ artifacts: [], builds: [] }),
      reporter: {
        progress: async () => undefined,
        final: async ({ report }) => {
          this.#report = report;
        },
        dropped: () => this.options.signal,
      },
    };
  }

  async #notePrinted(): Promise<void> {
    const { container } = this.parts;
    for (const { artifact } of container.current.artifacts) {
      const text = await readFile(container.path('log', `${artifact.name}.log`), 'utf8').catch(() => '');
      if (text !== '') this.#printed[artifact.name] = text.slice(-printedLength);
    }
  }
}
