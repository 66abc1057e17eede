/**
 * One virtual gateway: what the agent does, without container and profiler.
 *
 * INVARIANTS
 * - At most one `work` runs at a time; a notice that comes meanwhile counts up `notices` and is made up for.
 * - At most one timer is armed, and none while `work` runs.
 * - Sequence numbers of a delivery only grow; a report that got no answer is sent again with its own number.
 */
import { createHash } from 'node:crypto';
import { Backoff, jittered } from '../../agent/connectivity/backoff.js';
import { DeviceError, IntegrityError } from '../../agent/connectivity/device-error.js';
import type { DeviceSession } from '../../agent/connectivity/http/device-client.js';
import { pushPollFactor } from '../../agent/options.js';
import { GatewayKey, noKeyStore } from '../../agent/state/gateway-key.js';
import { messageOf } from '../../agent/state/system-error.js';
import type { PushSubscription } from '../../agent/connectivity/http/push-listener.js';
import { stateChangedStep, type Report, type Task } from '../../domain/agent-protocol/messages.js';
import type { ReportableState } from '../../domain/delivery/state.js';
import { LeonoreError } from '../../domain/errors.js';
import type { Installed } from '../../domain/gateway/profile.js';
import type { FleetContext } from './fleet-context.js';
import type { FetchTarget } from './messages.js';
import { packageReceiver, type PackageReceiver } from './package-receiver.js';
import { profileOf } from './population.js';
import { ReportOutbox } from './report-outbox.js';

/** What is remembered of the delivery in hand, so that meeting its task again sends no number twice. */
interface DeliveryInHand {
  readonly deliveryId: string;
  readonly sequence: number;
  /** The last report, once the delivery has ended here: sent again when the server did not take it. */
  readonly ended: Report | null;
}

/** Pauses between attempts; the agent's own rule. */
const pauses = { firstMs: 500, mostMs: 30_000 };

export class VirtualGateway {
  private node: DeviceSession | null = null;
  private etag: string | undefined;
  private intervalSeconds = 60;
  private installed: readonly Installed[] | null = null;
  private inHand: DeliveryInHand | null = null;
  /** Digest of the archive that lies on the gateway: what is complete is never downloaded again. */
  private archive: string | null = null;
  private timer: NodeJS.Timeout | null = null;
  private working = false;
  private notices = 0;
  private hasPaused = false;
  /** Made when something failed; most gateways never need one. */
  private backoff: Backoff | null = null;
  private token: string | null = null;
  private key: GatewayKey | null = null;
  private subscription: PushSubscription | null = null;
  private readonly receiver: PackageReceiver;

  constructor(
    private readonly fleet: FleetContext,
    readonly index: number,
    readonly id: string,
    /** Falls silent after its registration. */
    readonly silent: boolean,
    /** Every installation fails. */
    private readonly failing: boolean,
  ) {
    this.receiver = packageReceiver(fleet, id);
  }

  /** Registers and starts polling, or waits for notices. Resolves once registered for the first time. */
  async start(): Promise<void> {
    while (this.node === null && !this.fleet.stopped) {
      try {
        await this.register();
      } catch (error) {
        if (!isPassing(error)) throw error;
        await this.fleet.sleep(this.nextPauseMs(error));
      }
    }
    if (this.silent) {
      // Nobody answers there any more, as at a gateway without power.
      this.subscription?.close();
      return;
    }
    // As the agent does: it asks as soon as it is registered.
    this.arm(0);
  }

  /** Takes a package from servers that do nothing else, in the same way and through the same connections. */
  async fetchFrom(target: FetchTarget): Promise<void> {
    const nodeAddress = target.servers[this.index % target.servers.length];
    if (nodeAddress === undefined) throw new Error('there is no server to fetch from');
    const session = { nodeAddress, token: this.token ?? 'none' };
    await this.fleet.limiter.run(() => this.receiver.fetch(session, target.package));
    await this.fleet.limiter.run(() => this.receiver.unpack(target.package));
    await this.receiver.clear();
  }

  /** Forgets what was installed, as after a replacement of the device, and tells the node. */
  async empty(): Promise<void> {
    if (this.installed === null) return;
    this.installed = null;
    for (let told = false; !told && !this.fleet.stopped;) {
      try {
        const { node } = this;
        // A registration brings the profile along.
        if (node === null) await this.register();
        else await this.request(() => this.fleet.client.sendProfile(node, this.profile()));
        told = true;
      } catch (error) {
        if (!isPassing(error)) throw error;
        if (needsRegistration(error)) this.node = null;
        await this.fleet.sleep(this.nextPauseMs(error));
      }
    }
  }

  /** A notice came: collect the task now. */
  private notify(): void {
    this.fleet.progress.notices++;
    this.notices++;
    if (!this.working) this.arm(0);
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private arm(delayMs: number): void {
    this.stop();
    if (this.fleet.stopped) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      void this.work();
    }, delayMs);
  }

  private async work(): Promise<void> {
    this.working = true;
    let pauseMs: number;
    try {
      const noticesBefore = this.notices;
      await this.collect();
      this.backoff = null;
      const random = (): number => this.fleet.random();
      pauseMs = this.notices === noticesBefore ? this.pauseAfterPoll(random) : 0;
    } catch (error) {
      if (this.fleet.stopped) return;
      if (!isPassing(error)) this.fleet.unexpected(error);
      this.fleet.progress.retries++;
      if (needsRegistration(error)) this.node = null;
      pauseMs = this.nextPauseMs(error);
    } finally {
      this.working = false;
    }
    this.arm(pauseMs);
  }

  /** The first pause ends anywhere within the interval: a fleet that was started together must not poll together. */
  private pauseAfterPoll(random: () => number): number {
    const intervalMs = this.intervalSeconds * 1_000;
    if (this.hasPaused) return jittered(intervalMs, random);
    this.hasPaused = true;
    return random() * intervalMs;
  }

  private async collect(): Promise<void> {
    if (this.node === null) await this.register();
    const node = this.node;
    if (node === null) return;
    const answer = await this.request(async () => {
      const startedMs = performance.now();
      const told = await this.fleet.client.pollTasks(node, this.etag);
      this.fleet.pollLatencies.add(performance.now() - startedMs);
      return told;
    });
    this.fleet.progress.polls++;
    if (!answer.changed) return;
    if (answer.response.profileWanted) {
      await this.request(() => this.fleet.client.sendProfile(node, this.profile()));
    }
    for (const task of answer.response.tasks) await this.carryOut(node, task);
    // Only now: a gateway that failed midway must be given the same tasks again.
    this.etag = answer.etag;
  }

  private async register(): Promise<void> {
    this.subscription ??= this.fleet.subscribe(() => this.notify());
    const { address: pushAddress } = this.subscription;
    const body = { profile: this.profile(), pushAddress, agentVersion: 'virtual' };
    const { options, client } = this.fleet;
    this.key ??= await GatewayKey.open(this.id, noKeyStore);
    const { key } = this;
    const answer = await this.request(async () => {
      try {
        return await client.register(body, { token: this.token ?? options.enrolmentToken, key });
      } catch (error) {
        if (!(error instanceof DeviceError)) throw error;
        if (error.lastCounter !== undefined) key.continueFrom(error.lastCounter);
        // The own token may have been revoked; the key then decides.
        if (this.token === null || error.failure !== 'unauthenticated') throw error;
        return client.register(body, { token: options.enrolmentToken, key });
      }
    });
    if (this.token === null) this.fleet.progress.registered++;
    else this.fleet.progress.registeredAgain++;
    this.token = answer.token ?? this.token;
    if (this.token === null) throw new Error(`${this.id} was registered without a token`);
    this.node = { nodeAddress: answer.node.address, token: this.token };
    // As the agent does: a push gateway polls too, but seldom, since a notice may be lost or its node gone.
    this.intervalSeconds =
      answer.strategy === 'push'
        ? answer.pollIntervalSeconds * pushPollFactor
        : (options.intervalSeconds ?? answer.pollIntervalSeconds);
    this.etag = undefined;
    this.backoff = null;
  }

  private async carryOut(node: DeviceSession, task: Task): Promise<void> {
    if (this.inHand?.deliveryId === task.deliveryId && this.inHand.ended !== null) {
      // The server has not heard of the end yet, for instance since it was killed: say it again.
      await this.send(node, [this.inHand.ended]);
      return;
    }
    if (task.startState !== undefined && task.startState !== this.stateDigest()) {
      await this.refuse(node, task);
      return;
    }
    this.fleet.progress.tasks++;
    this.fleet.progress.working++;
    try {
      await this.install(node, task);
    } finally {
      this.fleet.progress.working--;
    }
  }

  /** It was planned for another state: LEONORE plans anew, for the one that the report names. */
  private async refuse(node: DeviceSession, task: Task): Promise<void> {
    const report: Report = {
      ...this.report(task, 'failed'),
      error: { class: 'state', step: stateChangedStep, message: 'the gateway is in another state' },
      stateDigest: this.stateDigest(),
      installed: [...this.currentlyInstalled()],
    };
    this.inHand = { deliveryId: task.deliveryId, sequence: report.sequence, ended: report };
    await this.send(node, [report]);
  }

  private async install(node: DeviceSession, task: Task): Promise<void> {
    const { options } = this.fleet;
    const outbox = new ReportOutbox(options.reports, (reports) => this.send(node, reports));
    const begin = (): Promise<void> => outbox.add(this.report(task, 'downloading'));
    try {
      await this.download(node, task, begin);
      await outbox.add(this.report(task, 'installing'));
      await this.fleet.limiter.run(() => this.receiver.unpack(task.package));
      if (options.thinkTimeMs > 0) await this.fleet.sleep(options.thinkTimeMs);
      await outbox.add(this.outcome(task));
    } catch (error) {
      if (!isBadPackage(error)) throw error;
      const failure = { class: 'integrity', step: 'verify', message: messageOf(error) } as const;
      await outbox.add(this.end(task, 'failed', { error: failure }));
    }
    await outbox.flush();
    await this.receiver.clear();
  }

  private outcome(task: Task): Report {
    if (this.failing) {
      const failure = { class: 'script', step: 'install', message: 'made to fail by the test bed' } as const;
      return this.end(task, 'failed', { error: failure });
    }
    this.installed = this.installedAfter(task);
    return this.end(task, 'succeeded', { installed: [...this.installed] });
  }

  /** @param begin says that it begins: when its turn comes, for until then only the test bed keeps it waiting */
  private async download(node: DeviceSession, task: Task, begin: () => Promise<void>): Promise<void> {
    // With a request for each report, that one needs a turn of its own.
    const isReportedBefore = this.fleet.options.reports === 'each' || this.archive === task.package.digest;
    if (isReportedBefore) await begin();
    if (this.archive === task.package.digest) return;
    await this.request(async () => {
      if (!isReportedBefore) await begin();
      await this.receiver.fetch(node, task.package);
    });
    this.archive = task.package.digest;
  }

  private async send(node: DeviceSession, reports: readonly Report[]): Promise<void> {
    await this.request(() => this.fleet.client.sendReports(node, reports));
  }

  /** One of the bounded number of requests of the process, after the time that the network takes. */
  private async request<T>(work: () => Promise<T>): Promise<T> {
    const { latencyMs } = this.fleet.options;
    if (latencyMs > 0) await this.fleet.sleep(latencyMs);
    return this.fleet.limiter.run(work);
  }

  private report(task: Task, state: ReportableState): Report {
    const { deliveryId } = task;
    const before = this.inHand?.deliveryId === deliveryId ? this.inHand.sequence : 0;
    const sequence = Math.max(before, task.lastSequence) + 1;
    this.inHand = { deliveryId, sequence, ended: null };
    return { deliveryId, sequence, state, at: new Date().toISOString() };
  }

  private end(task: Task, state: 'succeeded' | 'failed', rest: Partial<Report>): Report {
    const named = task.startState === undefined ? {} : { stateDigest: this.stateDigest() };
    const report = { ...this.report(task, state), ...named, ...rest };
    this.inHand = { deliveryId: task.deliveryId, sequence: report.sequence, ended: report };
    this.archive = null;
    this.fleet.progress[state]++;
    return report;
  }

  private installedAfter(task: Task): readonly Installed[] {
    const artifacts = this.fleet.contents.artifactsOf(task.package.digest) ?? [];
    const added = artifacts.map(({ name, version, installedSize, requested }) => ({
      name,
      version,
      installedSize,
      requested,
    }));
    const gone = new Set([...task.remove, ...added.map(({ name, version }) => `${name}@${version}`)]);
    const kept = this.currentlyInstalled().filter(({ name, version }) => !gone.has(`${name}@${version}`));
    return [...kept, ...added];
  }

  private currentlyInstalled(): readonly Installed[] {
    return this.installed ?? this.profile().installed ?? [];
  }

  private profile(): ReturnType<typeof profileOf> {
    const profile = profileOf(this.fleet.population, this.index, this.fleet.strategiesOf(this.index));
    const installed = this.installed === null ? profile.installed : [...this.installed];
    return {
      ...profile,
      ...(installed === undefined ? {} : { installed }),
      state: {
        isolation: 'none',
        limits: false,
        digest: digestOf(installed ?? []),
        applications: [],
        damaged: [],
      },
    };
  }

  /** Names what is installed, as a container's state does. */
  private stateDigest(): string {
    return digestOf(this.currentlyInstalled());
  }

  private nextPauseMs(error: unknown): number {
    this.backoff ??= new Backoff({ ...pauses, random: () => this.fleet.random() });
    return this.backoff.next(error instanceof DeviceError ? error.retryAfterMs : 0);
  }
}

function digestOf(installed: readonly Installed[]): string {
  const keys = installed.map(({ name, version }) => `${name}@${version}`).sort();
  return createHash('sha256').update(keys.join(' ')).digest('hex');
}

function isBadPackage(error: unknown): boolean {
  return (
    error instanceof IntegrityError || (error instanceof LeonoreError && error.code === 'MALFORMED_PACKAGE')
  );
}

function failureOf(error: unknown): DeviceError['failure'] | undefined {
  return error instanceof DeviceError ? error.failure : undefined;
}

/** True when trying again may help: the server is away or busy, or the gateway must register again. */
function isPassing(error: unknown): boolean {
  const failure = failureOf(error);
  return failure !== undefined && failure !== 'refused';
}

/** The node does not know the gateway (any more), or is not there. */
function needsRegistration(error: unknown): boolean {
  const failure = failureOf(error);
  return failure === 'wrongNode' || failure === 'unauthenticated' || failure === 'unreachable';
}
