/**
 * The provisioning agent (paper, section III-B 3): what runs on a gateway.
 *
 * Starting it puts the parts together: lock, state files, container, supervisor, profiler, connectivity. Then three
 * activities run beside each other until it is closed: reports are sent, tasks are collected and carried out one
 * after the other, and applications are kept up.
 *
 * INVARIANTS
 *  - One agent a root (state/instance-lock.ts), and one delivery at a time.
 *  - Applications are started before anything is asked of the network: a gateway without a network does its work.
 *  - An agent that is closed leaves its state as a power cut would; there is one way back, not two.
 */
import './small-memory.js';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Order, RegisterRequest, RegisterResponse, Task } from '../domain/agent-protocol/messages.js';
import type { GatewayProfile } from '../domain/gateway/profile.js';
import { Backoff, jittered } from './connectivity/backoff.js';
import type { Connectivity } from './connectivity/connectivity.js';
import { DeviceError } from './connectivity/device-error.js';
import { httpConnectivity } from './connectivity/http/http-connectivity.js';
import { NodeConnection } from './connectivity/node-connection.js';
import { stateDigest } from './container/state-digest.js';
import { Container } from './container/container.js';
import { Supervisor } from './container/supervisor.js';
import { ControlGroups } from './isolation/control-groups.js';
import { Launcher } from './isolation/launcher.js';
import { agentFacts, makeId } from './agent-facts.js';
import { enrolmentTokenOf } from './enrolment-token.js';
import { deliver, recover, refuse } from './delivery/deliver.js';
import { verifyAndRepair, type Verification } from './delivery/repair.js';
import type { DeliveryContext } from './delivery/delivery-context.js';
import { ReportSender } from './delivery/report-sender.js';
import {
  agentVersion,
  defaultApplicationLimits,
  defaultProfileIntervalSeconds,
  defaultTimes,
  defaultVerifyIntervalSeconds,
  pushPollFactor,
  type AgentOptions,
} from './options.js';
import { dynamicLinuxFacts, linuxTools, macAddress, staticLinuxFacts } from './profiler/linux-facts.js';
import { isolationTools, stateFacts } from './profiler/state-facts.js';
import { differsNoticeably, Profiler } from './profiler/profiler.js';
import { agentPaths, createAgentDirectories } from './state/agent-paths.js';
import { removeFile } from './state/atomic-file.js';
import { boundedLog, type Log } from './state/bounded-log.js';
import { EndedDeliveries } from './state/ended-deliveries.js';
import { openKey, type GatewayKey } from './state/gateway-key.js';
import { IdentityStore, type Identity } from './state/identity-store.js';
import { lockRoot } from './state/instance-lock.js';
import { changesApplications, Journal } from './state/journal.js';
import { ReportQueue } from './state/report-queue.js';
import { messageOf } from './state/system-error.js';
import { timerMs } from './state/timer.js';
import { GatewayTrust } from './trust/gateway-trust.js';
import { TaskJudge } from './trust/task-judge.js';

/** Each is some attempts already; with the pauses between them this outlasts an outage of some twenty minutes. */
const downloadRounds = 5;
/** Who may sign is known from before, so that tasks need not wait for what cannot be had. */
const metadataRounds = 3;
/** Between two polls, whatever LEONORE says: nothing that it sends may make a gateway spin. */
const leastPauseSeconds = 0.05;
/** After an error of the agent's own, doubled up to a minute while it lasts. */
const afterErrorMs = { firstMs: 1_000, mostMs: 60_000 };

export interface RunningAgent {
  readonly id: string;
  /** Resolves when the agent has ended; rejects when it ended by an error of its own. */
  readonly ended: Promise<void>;
  /** Stops applications and ends; an interrupted delivery is gone on with at the next start. */
  close(): Promise<void>;
}

/**
 * Starts an agent. It registers by itself, for as long as it takes.
 *
 * @throws LeonoreError MALFORMED_INPUT when the root is taken or the profile is not valid
 */
export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
  const paths = agentPaths(options.root);
  await createAgentDirectories(paths);
  const lock = await lockRoot(paths.root);
  try {
    const agent = await Agent.create(options);
    const ended = agent.run().finally(() => lock.release());
    // Whoever does not wait for the end learns of it by close().
    ended.catch(() => undefined);
    return {
      id: agent.id,
      ended,
      close: async () => {
        agent.stop();
        await ended;
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

interface Parts {
  /** Whoever wants to know of what happens to applications. */
  readonly news: { listener: () => void };
  readonly identity: Identity;
  readonly enrolmentToken: string | undefined;
  readonly identities: IdentityStore;
  readonly launcher: Launcher;
  readonly container: Container;
  readonly supervisor: Supervisor;
  readonly profiler: Profiler;
  readonly journal: Journal;
  readonly queue: ReportQueue;
  readonly ended: EndedDeliveries;
  readonly trust: GatewayTrust;
  readonly connectivity: Connectivity;
  readonly log: Log;
}

class Agent {
  readonly #stop = new AbortController();
  readonly #connection: NodeConnection;
  #key: GatewayKey | undefined;
  /** The file of the enrolment token has been removed, or cannot be. */
  #isTokenGone = false;
  readonly #reports: ReportSender;
  readonly #judge: TaskJudge;
  #identity: Identity;
  #sentProfile: GatewayProfile | null = null;
  #profileDueAtMs = 0;
  #profileWanted = false;
  /** Ends the present pause between polls. */
  #wake: () => void = () => undefined;
  #noticed = false;
  #etag: string | undefined;
  #registered = false;
  /** Whether LEONORE was asked for a root since the last registration. */
  #rootSought = false;
  #verificationDueAtMs = 0;
  #verification: Verification = { damaged: [], trees: {} };
  /** Attempts to register since the last that succeeded. */
  #attempts = 0;

  private constructor(
    private readonly options: AgentOptions,
    private readonly parts: Parts,
  ) {
    this.#identity = parts.identity;
    const times = { ...defaultTimes, ...options.times };
    const { connectivity, log, queue, ended } = parts;
    const { signal } = this.#stop;
    this.#connection = new NodeConnection({
      connectivity,
      enrolmentToken: parts.enrolmentToken,
      credentials: {
        token: this.#identity.token,
        nodeAddress: this.#identity.node?.address,
        enrolled: this.#identity.enrolled === true,
      },
      key: async () => (this.#key ??= await openKey(this.id, agentPaths(options.root).key, log)),
      request: () => this.#registration(),
      onRegistered: (response, token, enrolled) => this.#onRegistered(response, token, enrolled),
      log,
      signal,
      firstRetryMs: times.firstRetryMs,
      mostRetryMs: times.mostRetryMs,
    });
    this.#reports = new ReportSender({
      queue,
      ended,
      connection: this.#connection,
      connectivity,
      log,
      signal,
      gatherMs: times.gatherMs,
    });
    this.#judge = new TaskJudge({
      trust: parts.trust,
      log,
      fetch: (name) =>
        this.#connection.call((session) => connectivity.fetchMetadata(session, name, signal), metadataRounds),
    });
    parts.news.listener = () => {
      this.#profileWanted = true;
      this.#wake();
    };
    connectivity.onNotice(({ reason }) => {
      if (reason === 'profile') this.#profileWanted = true;
      this.#noticed = true;
      this.#wake();
    });
  }

  static async create(options: AgentOptions): Promise<Agent> {
    const paths = agentPaths(options.root);
    const times = { ...defaultTimes, ...options.times };
    const log = boundedLog(paths.log, options.log);
    const identities = new IdentityStore(paths.identity);
    const known = await identities.load();
    const id = options.id ?? known?.id ?? makeId(options.mac ?? macAddress());
    const identity: Identity =
      known?.id === id ? known : { id, mark: known?.mark ?? randomBytes(12).toString('hex') };
    const isKnown = identity.token !== undefined || identity.enrolled === true;
    const enrolmentToken = await enrolmentTokenOf(options, isKnown);
    // Only what is new is written: a full disk must not keep the applications of a known gateway from starting.
    if (identity !== known) await identities.save(identity);
    const launcher = await Launcher.open({
      container: paths.container,
      own: paths.own,
      mark: identity.mark,
      groups: await ControlGroups.open(`leonore-${identity.mark.slice(0, 12)}`),
      most: options.isolation ?? 'full',
      user: options.applicationUser,
      limits: { ...defaultApplicationLimits, ...options.applicationLimits },
      log,
    });
    const container = await Container.open(paths.container, launcher);
    const measured = [staticLinuxFacts, dynamicLinuxFacts(paths.container)];
    const told = [
      { name: 'overlay', read: () => options.profileOverlay ?? {} },
      { name: 'agent', read: () => agentFacts(options, id, container) },
    ];
    // An overlay that makes no profile is refused at once; asking the tools for their versions takes its time.
    await new Profiler([...measured, ...told]).read();
    const profiler = new Profiler([...measured, linuxTools(isolationTools(launcher)), ...told]);
    const news: Parts['news'] = { listener: () => undefined };
    return new Agent(options, {
      news,
      identity,
      enrolmentToken,
      identities,
      launcher,
      container,
      profiler,
      log,
      supervisor: new Supervisor({
        container,
        launcher,
        gatewayId: id,
        temporary: paths.temporary,
        log,
        graceMs: times.graceMs,
        checkWithinMs: times.checkWithinMs,
        onNews: () => news.listener(),
      }),
      journal: new Journal(paths.journal),
      queue: await ReportQueue.open(paths.reports),
      ended: await EndedDeliveries.open(paths.ended),
      trust: await GatewayTrust.open({
        path: paths.trust,
        root: options.trustRoot,
        isRequired: options.requireSignatures === true,
      }),
      connectivity: await httpConnectivity({
        server: options.server,
        timeoutMs: times.requestTimeoutMs,
        firstRetryMs: times.firstRetryMs,
        mostRetryMs: times.mostRetryMs,
        userAgent: `leonore-agent/${agentVersion}`,
        ...(options.strategy === 'push'
          ? { push: { host: options.pushHost ?? '127.0.0.1', port: options.pushPort ?? 0 } }
          : {}),
      }),
    });
  }

  get #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  get id(): string {
    return this.#identity.id;
  }

  stop(): void {
    this.#stop.abort();
    this.#wake();
  }

  /** Runs until it is stopped. */
  async run(): Promise<void> {
    const { supervisor, connectivity, launcher, log } = this.parts;
    const activities = [this.#work(), this.#untilStopped(() => this.#reports.sendNext())];
    try {
      await Promise.all(activities);
    } catch (error) {
      if (!this.#stop.signal.aborted) {
        log('error', 'the agent cannot go on', {
          problem: messageOf(error),
        });
        throw error;
      }
    } finally {
      this.#stop.abort();
      // Whoever is at work must not start an application that has just been stopped.
      await Promise.allSettled(activities);
      await supervisor.stopAll();
      await launcher.close();
      await connectivity.close();
    }
  }

  async #work(): Promise<void> {
    const { supervisor, journal, container } = this.parts;
    const interrupted = await journal.load();
    // While applications change, the step itself knows which of them to start.
    if (interrupted === null || !changesApplications(interrupted)) await supervisor.bringUp();
    if (interrupted === null) await container.collectGarbage();
    await this.#untilStopped(async () => {
      // A delivery that an error of the agent's own has ended in its middle is gone on with like any other.
      const unfinished = await journal.load();
      if (unfinished !== null) await recover(this.#deliveryContext(), unfinished);
      if (!this.#registered) await this.#connection.register();
      await this.#poll();
      await this.#verifyWhenDue();
      await this.#sendProfileWhenDue();
      await this.#pause();
    });
  }

  /** Repeats something until the agent is stopped. An error that nobody foresaw must not end the applications. */
  async #untilStopped(round: () => Promise<void>): Promise<void> {
    const { signal } = this.#stop;
    const backoff = new Backoff(afterErrorMs);
    while (!signal.aborted) {
      try {
        await round();
        backoff.reset();
      } catch (error) {
        if (this.#isStopped) return;
        this.parts.log('error', 'an error of the agent itself', { problem: messageOf(error) });
        await sleep(backoff.next(), undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #poll(): Promise<void> {
    const { connectivity, trust } = this.parts;
    this.#noticed = false;
    if (!this.#rootSought) {
      this.#rootSought = true;
      if (!trust.isPinned) await this.#judge.refreshWhenDue();
    }
    const answer = await this.#withNode('polling', (session) =>
      connectivity.pollTasks(session, this.#etag, this.#stop.signal),
    );
    if (answer === undefined) return;
    this.#etag = answer.etag;
    if (!answer.changed) return;
    if (answer.response.profileWanted) this.#profileWanted = true;
    const { tasks, orders = [] } = answer.response;
    if (tasks.length + orders.length > 0) await this.#judge.refreshWhenDue();
    for (const task of [...tasks, ...orders]) await this.#carryOut(task);
    // The list is another one now, and asked for anew: it must not count as unchanged.
    if (tasks.length + orders.length > 0) this.#etag = undefined;
  }

  async #carryOut(task: Task | Order): Promise<void> {
    const last = this.parts.ended.lastReport(task.deliveryId);
    if (last !== undefined) await this.#reports.repeat(last, task);
    else {
      await this.#carryOutOnce(task);
      // There may be more to do already.
      this.#noticed = true;
    }
  }

  async #carryOutOnce(task: Task | Order): Promise<void> {
    const context = this.#deliveryContext();
    const judged = await this.#judge.judge(task, this.id);
    if ('refusal' in judged) await refuse(context, task, judged.refusal);
    else await deliver(context, judged.task);
  }

  #deliveryContext(): DeliveryContext {
    const { container, supervisor, journal, log, connectivity } = this.parts;
    const paths = agentPaths(this.options.root);
    const times = { ...defaultTimes, ...this.options.times };
    return {
      paths,
      container,
      supervisor,
      journal,
      log,
      facts: { container, launcher: this.parts.launcher, gatewayId: this.id, temporary: paths.temporary },
      times: {
        scriptTimeoutMs: times.scriptTimeoutMs,
        checkWithinMs: times.checkWithinMs,
        defaultStaysUpMs: times.staysUpMs,
      },
      signal: this.#stop.signal,
      stateDigest: () => stateDigest(container, this.#identity.mark),
      fetchArchive: (wanted, sink, signal) =>
        this.#connection.call(
          (session) => connectivity.download(session, wanted, sink, signal),
          downloadRounds,
        ),
      fetchStatements: (digest, signal) =>
        this.#connection.call(
          (session) => connectivity.fetchStatements(session, digest, signal),
          downloadRounds,
        ),
      trust: this.parts.trust,
      reporter: this.#reports,
    };
  }

  async #sendProfileWhenDue(): Promise<void> {
    const { connectivity } = this.parts;
    const due = performance.now() >= this.#profileDueAtMs;
    if (!due && !this.#profileWanted) return;
    const profile = await this.#readProfile();
    const changed = this.#sentProfile === null || differsNoticeably(this.#sentProfile, profile);
    if (changed || this.#profileWanted) {
      const sent = await this.#withNode('sending the profile', async (session) => {
        await connectivity.sendProfile(session, profile, this.#stop.signal);
        return true;
      });
      if (sent === true) this.#sentProfile = profile;
    }
    this.#profileWanted = false;
    this.#scheduleProfile();
  }

  /** Between deliveries, so that nothing changes meanwhile. */
  async #verifyWhenDue(): Promise<void> {
    if (performance.now() < this.#verificationDueAtMs) return;
    const seconds = this.options.verifyIntervalSeconds ?? defaultVerifyIntervalSeconds;
    this.#verificationDueAtMs = performance.now() + jittered(seconds * 1_000);
    this.#verification = await verifyAndRepair(this.#deliveryContext());
    if (this.#verification.damaged.length > 0) this.#profileWanted = true;
  }

  /** The profile with what became of what is installed. */
  async #readProfile(): Promise<GatewayProfile> {
    const { profiler, container, supervisor, launcher } = this.parts;
    const profile = await profiler.read();
    const digest = await stateDigest(container, this.#identity.mark);
    const state = stateFacts({ container, supervisor, launcher, digest, ...this.#verification });
    return { ...profile, state };
  }

  #scheduleProfile(): void {
    const seconds = this.options.profileIntervalSeconds ?? defaultProfileIntervalSeconds;
    this.#profileDueAtMs = performance.now() + jittered(seconds * 1_000);
  }

  /** Something that the node refuses is logged and tried again at the next poll, not at once. */
  async #withNode<T>(
    what: string,
    action: (session: { nodeAddress: string; token: string }) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await this.#connection.call(action);
    } catch (error) {
      if (this.#stop.signal.aborted || !(error instanceof DeviceError)) throw error;
      this.parts.log('error', `${what} was refused`, { problem: error.message });
      return undefined;
    }
  }

  async #pause(): Promise<void> {
    if (this.#noticed || this.#stop.signal.aborted) return;
    const { intervalSeconds } = this.options;
    const factor = this.#identity.strategy === 'push' ? pushPollFactor : 1;
    const seconds = intervalSeconds ?? (this.#identity.pollIntervalSeconds ?? 30) * factor;
    const over = new AbortController();
    this.#wake = () => over.abort();
    const pauseMs = timerMs(jittered(Math.max(seconds, leastPauseSeconds) * 1_000));
    await sleep(pauseMs, undefined, { signal: over.signal }).catch(() => undefined);
  }

  async #registration(): Promise<RegisterRequest> {
    // An older LEONORE refuses what it does not know, so each second attempt leaves it out.
    this.#attempts += 1;
    const profile = this.#attempts % 2 === 1 ? await this.#readProfile() : await this.parts.profiler.read();
    this.#sentProfile = profile;
    this.#scheduleProfile();
    const { pushAddress } = this.parts.connectivity;
    return { profile, agentVersion, ...(pushAddress === undefined ? {} : { pushAddress }) };
  }

  async #onRegistered(response: RegisterResponse, token: string, enrolled: boolean): Promise<void> {
    this.#registered = true;
    this.#rootSought = false;
    this.#attempts = 0;
    // Another node knows other tags.
    this.#etag = undefined;
    const before = JSON.stringify(this.#identity);
    this.#identity = {
      id: this.#identity.id,
      mark: this.#identity.mark,
      token,
      ...(enrolled ? { enrolled } : {}),
      node: response.node,
      strategy: response.strategy,
      pollIntervalSeconds: response.pollIntervalSeconds,
    };
    // On a full disk it holds for as long as the agent runs; after that the key has to help.
    if (JSON.stringify(this.#identity) !== before)
      await this.#attempt('what the registration brought cannot be kept', () =>
        this.parts.identities.save(this.#identity),
      );
    const { enrolmentTokenFile } = this.options;
    if (enrolled && enrolmentTokenFile !== undefined && !this.#isTokenGone) {
      // Whoever finds this disk later shall not enrol anything with it.
      await this.#attempt('the enrolment token cannot be removed', () => removeFile(enrolmentTokenFile));
      this.#isTokenGone = true;
    }
  }

  /** Does what the disk may refuse, and says so. */
  async #attempt(otherwise: string, work: () => Promise<void>): Promise<void> {
    await work().catch((error: unknown) => {
      this.parts.log('error', otherwise, { problem: messageOf(error) });
    });
  }
}
