/**
 * One virtual gateway: what the agent does, without container and profiler.
 *
 * INVARIANTS
 * - At most one `work` runs at a time; a notice that comes meanwhile counts up `notices` and is made up for.
 * - At most one timer is armed, and none while `work` runs.
 * - Sequence numbers of a delivery only grow; a report that got no answer is sent again with its own number.
 */
import { Backoff, jittered } from '../../agent/connectivity/backoff.js';
import { DeviceError } from '../../agent/connectivity/device-error.js';
import type { DeviceSession } from '../../agent/connectivity/connectivity.js';
import { pushPollFactor } from '../../domain/agent-protocol/poll-interval.js';
import { GatewayKey, noKeyStore } from '../../agent/state/gateway-key.js';
import type { PushSubscription } from '../../agent/connectivity/http/push-listener.js';
import { windowDetail, windowOf } from '../../agent/delivery/switch-window.js';
import {
  stateChangedStep,
  type Order,
  type Report,
  type Task,
} from '../../domain/agent-protocol/messages.js';
import type { ReportableState } from '../../domain/delivery/state.js';
import type { FleetContext } from './fleet-context.js';
import {
  DownloadRefused,
  downloadFailed,
  failureOfInstallation,
  isOver,
  isPassing,
  needsRegistration,
} from './failures.js';
import type { FetchTarget } from './messages.js';
import { packageReceiver, type PackageReceiver } from './package-receiver.js';
import { profileOf } from './population.js';
import { ReportOutbox } from './report-outbox.js';
import { VirtualContainer } from './virtual-container.js';

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
  private readonly container = new VirtualContainer(() => this.populationProfile().installed ?? []);
  private inHand: DeliveryInHand | null = null;
  /** Digest of the archive that lies on the gateway: what is complete is never downloaded again. */
  private archive: string | null = null;
  /** Delivery whose package was not given away once: it has failed when that happens again. */
  private refused: string | null = null;
  /** Delivery that has said that it waits for its window. */
  private waitingFor: string | null = null;
  /** When the next window opens of what waits, in milliseconds since 1970. */
  private opensAtMs = Number.POSITIVE_INFINITY;
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
    if (this.container.isAsNew) return;
    this.container.renew();
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
      pauseMs = Math.max(0, Math.min(pauseMs, this.opensAtMs - Date.now()));
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
    this.opensAtMs = Number.POSITIVE_INFINITY;
    const { tasks, orders = [] } = answer.response;
    for (const task of [...tasks, ...orders]) {
      this.opensAtMs = Math.min(this.opensAtMs, await this.carryOutUnlessOver(node, task));
    }
    // Only now: a gateway that failed midway, or waits for a window, must be given the same tasks again.
    this.etag = Number.isFinite(this.opensAtMs) ? undefined : answer.etag;
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

  /** As `carryOut`. LEONORE may end a delivery itself: no report of it is of use then, and it is dropped. */
  private async carryOutUnlessOver(node: DeviceSession, task: Task | Order): Promise<number> {
    try {
      return await this.carryOut(node, task);
    } catch (error) {
      if (!isOver(error)) throw error;
      this.archive = null;
      return Number.POSITIVE_INFINITY;
    }
  }

  /** @returns when its window opens, in milliseconds since 1970, when it waits for that */
  private async carryOut(node: DeviceSession, task: Task | Order): Promise<number> {
    const over = Number.POSITIVE_INFINITY;
    if (this.inHand?.deliveryId === task.deliveryId && this.inHand.ended !== null) {
      // The server has not heard of the end yet, for instance since it was killed: say it again.
      await this.send(node, [this.inHand.ended]);
      return over;
    }
    if (task.startState !== undefined && task.startState !== this.container.digest) {
      await this.refuse(node, task, stateChangedStep, 'the gateway is in another state');
      return over;
    }
    const window = windowOf({ nowMs: () => Date.now() }, task);
    if (window.state === 'over') {
      await this.refuse(node, task, 'window', 'its windows have passed');
      return over;
    }
    if (window.state === 'waiting') {
      await this.wait(node, task, windowDetail(window));
      return window.opensAtSeconds * 1_000;
    }
    this.fleet.progress.tasks++;
    this.fleet.progress.working++;
    try {
      if (task.action === 'install') await this.install(node, task);
      else await this.obey(node, task);
    } finally {
      this.fleet.progress.working--;
    }
    return over;
  }

  /** Fetches what it will need, and says once what it waits for. */
  private async wait(node: DeviceSession, task: Task | Order, detail: string | undefined): Promise<void> {
    if (this.waitingFor === task.deliveryId) return;
    const tell = async (): Promise<void> => {
      const report = this.report(task, 'downloading');
      await this.send(node, [{ ...report, ...(detail === undefined ? {} : { detail }) }]);
    };
    if (task.action === 'install') await this.download(node, task, tell);
    else await tell();
    this.waitingFor = task.deliveryId;
  }

  private async obey(node: DeviceSession, order: Order): Promise<void> {
    await this.send(node, [this.report(order, 'installing')]);
    const problem = this.container.obey(order);
    const installed = [...this.container.installed];
    const end =
      problem === null
        ? this.end(order, 'succeeded', { installed })
        : this.end(order, 'failed', {
            error: { class: 'internal', step: 'change', message: problem },
            installed,
          });
    await this.send(node, [end]);
  }

  /** What was planned for another state LEONORE plans anew, for the one that the report names. */
  private async refuse(
    node: DeviceSession,
    task: Task | Order,
    step: string,
    message: string,
  ): Promise<void> {
    const report: Report = {
      ...this.report(task, 'failed'),
      error: { class: 'state', step, message },
      stateDigest: this.container.digest,
      installed: [...this.container.installed],
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
      if (error instanceof DownloadRefused && this.refused !== task.deliveryId) {
        this.refused = task.deliveryId;
        throw error;
      }
      const failure = failureOfInstallation(error);
      if (failure === null) throw error;
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
    const artifacts = this.fleet.contents.artifactsOf(task.package.digest) ?? [];
    this.container.install(
      task,
      artifacts.map(({ name, version, installedSize, requested }) => ({
        name,
        version,
        installedSize,
        requested,
      })),
    );
    return this.end(task, 'succeeded', { installed: [...this.container.installed] });
  }

  /** @param begin says that it begins: when its turn comes, for until then only the test bed keeps it waiting */
  private async download(node: DeviceSession, task: Task, begin: () => Promise<void>): Promise<void> {
    // With a request for each report, that one needs a turn of its own.
    const isReportedBefore = this.fleet.options.reports === 'each' || this.archive === task.package.digest;
    if (isReportedBefore) await begin();
    if (this.archive === task.package.digest) return;
    await this.request(async () => {
      if (!isReportedBefore) await begin();
      await this.receiver.fetch(node, task.package).catch(downloadFailed);
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

  private report(task: Task | Order, state: ReportableState): Report {
    const { deliveryId } = task;
    const before = this.inHand?.deliveryId === deliveryId ? this.inHand.sequence : 0;
    const sequence = Math.max(before, task.lastSequence) + 1;
    this.inHand = { deliveryId, sequence, ended: null };
    return { deliveryId, sequence, state, at: new Date().toISOString() };
  }

  private end(task: Task | Order, state: 'succeeded' | 'failed', rest: Partial<Report>): Report {
    const named = task.startState === undefined ? {} : { stateDigest: this.container.digest };
    const report = { ...this.report(task, state), ...named, ...rest };
    this.inHand = { deliveryId: task.deliveryId, sequence: report.sequence, ended: report };
    this.archive = null;
    this.fleet.progress[state]++;
    return report;
  }

  private populationProfile(): ReturnType<typeof profileOf> {
    return profileOf(this.fleet.population, this.index, this.fleet.strategiesOf(this.index));
  }

  private profile(): ReturnType<typeof profileOf> {
    const profile = this.populationProfile();
    const installed = this.container.isAsNew ? profile.installed : [...this.container.installed];
    return {
      ...profile,
      ...(installed === undefined ? {} : { installed }),
      state: {
        isolation: 'none',
        limits: false,
        digest: this.container.digest,
        applications: [],
        damaged: [],
      },
    };
  }

  private nextPauseMs(error: unknown): number {
    this.backoff ??= new Backoff({ ...pauses, random: () => this.fleet.random() });
    return this.backoff.next(error instanceof DeviceError ? error.retryAfterMs : 0);
  }
}
