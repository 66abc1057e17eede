import type { Order, Report, ReportError, Task } from '../../domain/agent-protocol/messages.js';
import { parseDeliveryId } from '../../domain/delivery/delivery-id.js';
import type { Installed } from '../../domain/gateway/profile.js';
import type { RolloutClient } from '../../workflows/client/rollout-client.js';
import { addGateways, profileOf, type TestRepositories } from './test-repositories.js';

const pollMs = 100;

/** What a gateway does with its tasks: carries them out, fails, or is away. */
export type InstallingConduct = 'installs' | 'fails' | 'away';

/** What a gateway tells of a task in the end. */
type Outcome = { readonly error: ReportError } | { readonly installed?: Installed[] };

const withoutRoom: ReportError = { class: 'space', step: 'unpack', message: 'no space is left' };

/**
 * Gateways that pull, straight from the repositories, and tell what they have installed and which values they were given.
 */
export class InstallingGateways {
  /** The values that a gateway was given last, by the name of the artifact. */
  readonly values = new Map<string, Readonly<Record<string, string>>>();
  /** Ids of the deliveries that a gateway was given a package by, and of those by which it was configured. */
  readonly installations = new Map<string, string[]>();
  readonly configurations = new Map<string, string[]>();
  /** Artifacts (`name@version`) that fail on every gateway, and how; what was there before is back then. */
  readonly broken = new Map<string, ReportError>();
  private readonly conducts = new Map<string, InstallingConduct>();
  private readonly timer: NodeJS.Timeout;
  private round: Promise<void> | null = null;

  constructor(
    private readonly repositories: TestRepositories,
    private readonly rolloutClient: RolloutClient,
  ) {
    this.timer = setInterval(() => {
      // A gateway whose node does not answer asks again.
      this.round ??= this.work()
        .catch(() => undefined)
        .finally(() => (this.round = null));
    }, pollMs);
  }

  /** Registers gateways; the balancer places them. */
  async add(
    ids: readonly string[],
    labels: Readonly<Record<string, string>>,
    conduct: InstallingConduct = 'installs',
  ): Promise<void> {
    await addGateways(
      this.repositories,
      ids.map((id) => profileOf(id, { labels })),
    );
    this.conduct(ids, conduct);
  }

  /** What they do from now on. */
  conduct(ids: readonly string[], conduct: InstallingConduct): void {
    for (const id of ids) this.conducts.set(id, conduct);
  }

  /** The gateway reports a profile in which this is installed: what somebody did to it by hand. */
  async have(id: string, installed: readonly Installed[]): Promise<void> {
    const { profile } = await this.repositories.gateways.get(id);
    await this.repositories.gateways.updateProfile({ ...profile, installed: [...installed] });
  }

  async installed(id: string): Promise<string[]> {
    const { profile } = await this.repositories.gateways.get(id);
    return (profile.installed ?? []).map(({ name, version }) => `${name}@${version}`);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.round;
  }

  private async work(): Promise<void> {
    const { deliveries, gateways } = this.repositories;
    const ids = [...this.conducts].flatMap(([id, conduct]) => (conduct === 'away' ? [] : [id]));
    await gateways.seen(ids);
    for (const { gatewayId, task, order } of (await deliveries.poll(ids)).values()) {
      if (task !== null) await this.report(gatewayId, task, await this.install(gatewayId, task));
      if (order !== null) await this.report(gatewayId, order, this.configure(gatewayId, order));
    }
  }

  private async install(gatewayId: string, task: Task): Promise<Outcome> {
    const { profile } = await this.repositories.gateways.get(gatewayId);
    const { artifacts } = await this.repositories.packages.get(task.package.id);
    const error = artifacts.map((key) => this.broken.get(key)).find((fault) => fault !== undefined);
    if (error !== undefined) return { error };
    const brought = artifacts.map((key): Installed => {
      const at = key.indexOf('@', 1);
      return { name: key.slice(0, at), version: key.slice(at + 1), installedSize: 1, requested: true };
    });
    this.note(this.installations, gatewayId, task.deliveryId);
    for (const { name } of brought) this.values.set(`${gatewayId} ${name}`, task.values);
    const names = new Set(brought.map(({ name }) => name));
    const rest = (profile.installed ?? []).filter(
      ({ name, version }) => !names.has(name) && !task.remove.includes(`${name}@${version}`),
    );
    return { installed: [...rest, ...brought] };
  }

  private configure(gatewayId: string, order: Order): Outcome {
    this.note(this.configurations, gatewayId, order.deliveryId);
    this.values.set(`${gatewayId} ${order.artifact}`, order.values ?? {});
    return {};
  }

  private note(notes: Map<string, string[]>, gatewayId: string, deliveryId: string): void {
    notes.set(gatewayId, [...new Set([...(notes.get(gatewayId) ?? []), deliveryId])]);
  }

  private async report(gatewayId: string, work: Task | Order, outcome: Outcome): Promise<void> {
    const delivery = parseDeliveryId(work.deliveryId);
    if (delivery === null) throw new Error('not an id of a delivery');
    const told = this.conducts.get(gatewayId) === 'fails' ? { error: withoutRoom } : outcome;
    const report: Report = {
      deliveryId: work.deliveryId,
      sequence: work.lastSequence + 1,
      state: 'error' in told ? 'failed' : 'succeeded',
      ...told,
    };
    const { acknowledgements } = await this.repositories.deliveries.report([
      { gatewayId, delivery, reports: [report] },
    ]);
    await Promise.allSettled(
      acknowledgements.map(({ rolloutId, chunk, slots, refused }) =>
        this.rolloutClient.acknowledge(
          rolloutId,
          chunk,
          slots.map((slot) => [slot, slot]),
          refused,
        ),
      ),
    );
  }
}
