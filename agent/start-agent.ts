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
import { setTimeout as sleep } from 'node:timers/promises';
import type { Order, RegisterRequest, RegisterResponse, Task } from '../domain/agent-protocol/messages.js';
import type { GatewayProfile } from '../domain/gateway/profile.js';
import { openParts, type AgentParts } from './agent-parts.js';
import { Backoff, jittered } from './connectivity/backoff.js';
import type { DeviceSession } from './connectivity/connectivity.js';
import { DeviceError } from './connectivity/device-error.js';
import { pushPollFactor } from '../domain/agent-protocol/poll-interval.js';
import { NodeConnection } from './connectivity/node-connection.js';
import { stateDigest } from './container/state-digest.js';
import { deliver, recover, refuse, type Outcome } from './delivery/deliver.js';
import { verifyAndRepair, type Verification } from './delivery/repair.js';
import type { DeliveryContext } from './delivery/delivery-context.js';
import { ReportSender } from './delivery/report-sender.js';
import {
  agentVersion,
  defaultProfileIntervalSeconds,
  defaultTimes,
  defaultVerifyIntervalSeconds,
  type AgentOptions,
} from './options.js';
import { stateFacts } from './profiler/state-facts.js';
import { ToldProfile } from './profiler/told-profile.js';
import { agentPaths, createAgentDirectories } from './state/agent-paths.js';
import { lockRoot } from './state/instance-lock.js';
import { changesApplications } from './state/journal.js';
import { messageOf } from './state/system-error.js';
import { timerMs } from './state/timer.js';
import { GatewayClock } from './trust/gateway-clock.js';
import { TaskJudge } from './trust/task-judge.js';
import { WaitingTasks } from './waiting-tasks.js';

/** Each is some attempts already; with the pauses between them this outlasts an outage of some twenty minutes. */
const downloadRounds = 5;
/** Who may sign is known from before, so that tasks need not wait for what cannot be had. */
const metadataRounds = 3;
/** While a window may open, nobody waits longer for a node that does not answer. The last but one registers again. */
const waitingRounds = 4;
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
    const agent = await Agent.open(options);
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

class Agent {
  readonly #stop = new AbortController();
  readonly #connection: NodeConnection;
  readonly #reports: ReportSender;
  readonly #judge: TaskJudge;
  readonly #clock: GatewayClock;
  readonly #waiting: WaitingTasks;
  readonly #profile: ToldProfile;
  /** Ends the present pause between polls. */
  #wake: () => void = () => undefined;
  #noticed = false;
  #etag: string | undefined;
  #registered = false;
  /** Whether LEONORE was asked for a root since the last registration. */
  #rootSought = false;
  /** The delivery whose package was refused last. When it is offered again, and refused again, it has failed. */
  #refused: string | undefined;
  #verificationDueAtMs = 0;
  #verification: Verification = { damaged: [], trees: {} };
  /** Attempts to register since the last that succeeded. */
  #attempts = 0;

  private constructor(
    private readonly options: AgentOptions,
    private readonly parts: AgentParts,
  ) {
    const times = { ...defaultTimes, ...options.times };
    const { connectivity, identity, log, queue, ended } = parts;
    const { token, node, endpoints, enrolled } = identity.known;
    const { signal } = this.#stop;
    this.#connection = new NodeConnection({
      connectivity,
      enrolmentToken: identity.enrolmentToken,
      credentials: { token, nodeAddress: node?.address, endpoints, enrolled: enrolled === true },
      key: () => identity.openKey(),
      request: () => this.#registration(),
      onRegistered: async (response, own, isEnrolled) => this.#onRegistered(response, own, isEnrolled),
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
    this.#clock = new GatewayClock(parts.trust);
    this.#profile = new ToldProfile({
      intervalSeconds: options.profileIntervalSeconds ?? defaultProfileIntervalSeconds,
      isUp: (name) => parts.supervisor.isUp(name),
    });
    this.#waiting = new WaitingTasks(() => this.#clock.nowMs);
    parts.news.listener = () => {
      this.#profile.isWanted = true;
      this.#wake();
    };
    connectivity.onNotice((notice) => {
      if (notice?.reason === 'profile') this.#profile.isWanted = true;
      this.#noticed = true;
      this.#wake();
    });
  }

  static async open(options: AgentOptions): Promise<Agent> {
    return new Agent(options, await openParts(options));
  }

  get #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  get id(): string {
    return this.parts.identity.known.id;
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
      if (unfinished !== null)
        this.#note(unfinished.task, await recover(this.#deliveryContext(), unfinished));
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
      if (!trust.isPinned) {
        await this.#judge.refreshWhenDue();
        // That it verifies signatures is a fact of the profile.
        this.#profile.isWanted ||= trust.isPinned;
      }
    }
    const answer = await this.#withNode(
      'polling',
      (session) => connectivity.pollTasks(session, this.#etag, this.#stop.signal),
      this.#waiting.isEmpty ? undefined : waitingRounds,
    );
    if (answer === undefined) return this.#carryOutWaiting();
    if (answer.dateMs !== undefined) this.#clock.hear(answer.dateMs);
    this.#etag = answer.etag;
    if (!answer.changed) return;
    if (answer.response.profileWanted) this.#profile.isWanted = true;
    const { tasks, orders = [] } = answer.response;
    if (tasks.length + orders.length > 0) await this.#judge.refreshWhenDue();
    this.#waiting.keep([...tasks, ...orders]);
    for (const task of [...tasks, ...orders]) await this.#carryOut(task);
    // The list is another one now, and asked for anew: it must not count as unchanged.
    if (tasks.length + orders.length > 0) this.#etag = undefined;
  }

  async #carryOut(task: Task | Order): Promise<void> {
    const last = this.parts.ended.lastReport(task.deliveryId);
    if (last !== undefined) await this.#reports.repeat(last, task);
    else if (!this.#waiting.isToWait(task)) await this.#carryOutOnce(task);
  }

  /** What was offered before the node fell silent, and whose window has opened since. */
  async #carryOutWaiting(): Promise<void> {
    for (const task of this.#waiting.takeOpen()) await this.#deliver(task);
  }

  async #carryOutOnce(task: Task | Order): Promise<void> {
    const context = this.#deliveryContext();
    const judged = await this.#judge.judge(task, this.id);
    if ('refusal' in judged) await refuse(context, task, judged.refusal);
    else return this.#deliver(judged.task);
    this.#noticed = true;
  }

  async #deliver(task: Task | Order): Promise<void> {
    this.#note(task, await deliver(this.#deliveryContext(), task));
  }

  #note(task: Task | Order, outcome: Outcome): void {
    if (outcome.state === 'waiting') this.#waiting.add(task, outcome.opensAtMs);
    // There may be more to do already.
    else this.#noticed = true;
    if (outcome.state !== 'refused') return;
    this.#refused = task.deliveryId;
    // What is offered now is what counts, though the list may be the same.
    this.#etag = undefined;
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
      nowMs: () => this.#clock.nowMs,
      stateDigest: () => stateDigest(container, this.parts.identity.known.mark),
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
      wasRefused: (deliveryId) => deliveryId === this.#refused,
      trust: this.parts.trust,
      reporter: this.#reports,
    };
  }

  async #sendProfileWhenDue(): Promise<void> {
    const { connectivity } = this.parts;
    if (!this.#profile.isDue) return;
    const { isWanted } = this.#profile;
    // What happens from here on is another reason to tell.
    this.#profile.isWanted = false;
    const profile = await this.#readProfile();
    if (isWanted || this.#profile.isNews(profile)) {
      const sent = await this.#withNode('sending the profile', async (session) => {
        await connectivity.sendProfile(session, profile, this.#stop.signal);
        return true;
      });
      if (sent === true) this.#profile.told(profile);
    }
    this.#profile.schedule();
  }

  /** Between deliveries, so that nothing changes meanwhile. */
  async #verifyWhenDue(): Promise<void> {
    if (performance.now() < this.#verificationDueAtMs) return;
    const seconds = this.options.verifyIntervalSeconds ?? defaultVerifyIntervalSeconds;
    this.#verificationDueAtMs = performance.now() + jittered(seconds * 1_000);
    this.#verification = await verifyAndRepair(this.#deliveryContext());
    if (this.#verification.damaged.length > 0) this.#profile.isWanted = true;
  }

  /** The profile with what became of what is installed. */
  async #readProfile(): Promise<GatewayProfile> {
    const { profiler, container, supervisor, launcher } = this.parts;
    const profile = await profiler.read();
    const digest = await stateDigest(container, this.parts.identity.known.mark);
    const state = stateFacts({ container, supervisor, launcher, digest, ...this.#verification });
    return { ...profile, state };
  }

  /** Something that the node refuses is logged and tried again at the next poll, not at once. */
  async #withNode<T>(
    what: string,
    action: (session: DeviceSession) => Promise<T>,
    rounds?: number,
  ): Promise<T | undefined> {
    try {
      return await this.#connection.call(action, rounds);
    } catch (error) {
      if (this.#stop.signal.aborted || !(error instanceof DeviceError)) throw error;
      this.parts.log('error', `${what} failed`, { problem: error.message });
      return undefined;
    }
  }

  async #pause(): Promise<void> {
    if (this.#noticed || this.#stop.signal.aborted) return;
    const { intervalSeconds } = this.options;
    const strategy = this.#connection.strategy ?? this.parts.identity.known.strategy;
    const factor = strategy === 'push' ? pushPollFactor : 1;
    const seconds = intervalSeconds ?? (this.parts.identity.known.pollIntervalSeconds ?? 30) * factor;
    const over = new AbortController();
    this.#wake = () => over.abort();
    const pauseMs = Math.min(jittered(Math.max(seconds, leastPauseSeconds) * 1_000), this.#waiting.leftMs);
    await sleep(timerMs(pauseMs), undefined, { signal: over.signal }).catch(() => undefined);
  }

  async #registration(): Promise<RegisterRequest> {
    // An older LEONORE refuses what it does not know, so each second attempt leaves it out.
    this.#attempts += 1;
    const profile = this.#attempts % 2 === 1 ? await this.#readProfile() : await this.parts.profiler.read();
    // The pause that it was told to make otherwise than LEONORE says.
    const { intervalSeconds } = this.options;
    const own =
      this.#attempts % 2 === 1 && intervalSeconds !== undefined
        ? { pollIntervalSeconds: intervalSeconds }
        : {};
    this.#profile.told(profile);
    this.#profile.schedule();
    const { pushAddress } = this.parts.connectivity;
    return { profile, agentVersion, ...own, ...(pushAddress === undefined ? {} : { pushAddress }) };
  }

  async #onRegistered(response: RegisterResponse, token: string, enrolled: boolean): Promise<void> {
    this.#registered = true;
    this.#rootSought = false;
    this.#attempts = 0;
    // Another node knows other tags.
    this.#etag = undefined;
    await this.parts.authorities.registered(response.authorities);
    await this.parts.identity.remember(response, token, enrolled);
  }
}
