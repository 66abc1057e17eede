import { LRUCache } from 'lru-cache';
import type { Report, ReportError, Task } from '../domain/agent-protocol/messages.js';
import { LeonoreError } from '../domain/errors.js';
import type { Installed } from '../domain/gateway/profile.js';
import { limits } from '../domain/limits.js';
import type { DeviceService } from './device-service.js';
import type { DeliveredFile, PackageFiles } from './package-files.js';

/** A delivery as a client of another protocol is told of it. */
export interface ClientDelivery {
  readonly deliveryId: string;
  /** Digest of the archive, by which its files may be had. */
  readonly digest: string;
  readonly task: Task;
  /** It is offered now: one that was told of before may have ended since. */
  readonly isOpen: boolean;
}

export interface ClientNews {
  readonly profileWanted: boolean;
  readonly delivery: ClientDelivery | null;
  /** What it was told of before and is to be done no more; null when there is none, or it has said that it knows. */
  readonly withdrawn: ClientDelivery | null;
}

/** What a client said of a delivery. */
export interface ClientReport {
  readonly state: Report['state'];
  /** What it wrote about it. */
  readonly log: string;
  readonly error?: Pick<ReportError, 'class' | 'step'>;
}

/** What is remembered of a device: the delivery that it was told of last, and how far its reports have come. */
interface Told {
  readonly delivery: ClientDelivery;
  sequence: number;
  state: Report['state'] | null;
  /** The end of what it has written so far. */
  log: string;
  /** It knows that this is to be done no more, or has ended it. */
  isOver: boolean;
}

/** Many times as many as a node has gateways. */
const most = 50_000;

/**
 * Deliveries to devices whose client knows no sequences, packages or orders: each is told of one delivery at a time, its
 * reports are numbered here, and what it cannot do is reported in its place.
 */
export class ClientDeliveries {
  private readonly told = new LRUCache<string, Told>({ max: most });
  /** Reports of one device are taken one after the other: two at once would have one number. */
  private readonly underWay = new Map<string, Promise<unknown>>();

  constructor(
    private readonly service: DeviceService,
    private readonly packages: PackageFiles,
  ) {}

  /** @throws LeonoreError UNAUTHENTICATED, NOT_THIS_NODE */
  async news(token: string): Promise<ClientNews> {
    const { gatewayId, tasks, orders, profileWanted } = await this.service.unsignedTasks(token);
    for (const { deliveryId, lastSequence } of orders)
      await this.refuseOrder(token, deliveryId, lastSequence);
    const before = this.told.get(gatewayId);
    const [task] = tasks;
    const isSame = task !== undefined && before?.delivery.deliveryId === task.deliveryId;
    const withdrawn = before === undefined || before.isOver || isSame ? null : before.delivery;
    // What is to be done no more is said first: until the client has answered that, nothing new is begun.
    if (task === undefined || withdrawn !== null) return { profileWanted, delivery: null, withdrawn };
    const delivery = { deliveryId: task.deliveryId, digest: task.package.digest, task, isOpen: true };
    return { profileWanted, delivery, withdrawn: null };
  }

  /** Notes that the client is told of a delivery: from now on it has to be told when that is withdrawn. */
  begin(gatewayId: string, delivery: ClientDelivery): void {
    const before = this.told.get(gatewayId);
    const { deliveryId, task } = delivery;
    if (before?.delivery.deliveryId === deliveryId) return;
    this.told.set(gatewayId, { delivery, sequence: task.lastSequence, state: null, log: '', isOver: false });
  }

  /** The delivery that the client was told of last, also when it has ended since; null when there is none that fits. */
  known(gatewayId: string, isIt: (deliveryId: string) => boolean): ClientDelivery | null {
    const told = this.told.get(gatewayId);
    return told !== undefined && isIt(told.delivery.deliveryId) ? { ...told.delivery, isOpen: false } : null;
  }

  /** True when this is what the client said of a delivery last. */
  isToldAs(gatewayId: string, deliveryId: string, state: Report['state']): boolean {
    const told = this.told.get(gatewayId);
    return told?.delivery.deliveryId === deliveryId && told.state === state;
  }

  /** The client knows that a delivery is withdrawn. */
  forget(gatewayId: string): void {
    const told = this.told.get(gatewayId);
    if (told !== undefined) told.isOver = true;
  }

  /** @throws LeonoreError as `files` of PackageFiles does; PACKAGE_NOT_FOUND */
  async files(token: string, digest: string): Promise<readonly DeliveredFile[]> {
    await this.service.admitDownload(token, digest);
    return this.packages.of(digest);
  }

  /**
   * Reports what a client said.
   * @throws LeonoreError DELIVERY_ENDED, DELIVERY_NOT_FOUND; as `report` of DeviceService does
   */
  async report(
    token: string,
    gatewayId: string,
    delivery: ClientDelivery,
    said: ClientReport,
  ): Promise<void> {
    const before = this.underWay.get(gatewayId) ?? Promise.resolve();
    const reporting = before.then(() => this.reportNext(token, gatewayId, delivery, said));
    const settled = reporting.catch(() => undefined);
    this.underWay.set(gatewayId, settled);
    try {
      await reporting;
    } finally {
      if (this.underWay.get(gatewayId) === settled) this.underWay.delete(gatewayId);
    }
  }

  private async reportNext(
    token: string,
    gatewayId: string,
    delivery: ClientDelivery,
    { state, log, error }: ClientReport,
  ): Promise<void> {
    this.begin(gatewayId, delivery);
    const told = this.told.get(gatewayId);
    if (told === undefined) return;
    const isEnd = state === 'succeeded' || state === 'failed';
    told.log = endOf(told.log === '' ? log : `${told.log}\n${log}`);
    // Nothing new but what it wrote: that is told with its end.
    if (delivery.isOpen && !isEnd && told.state === state) return;
    const sequence = Math.max(told.sequence, delivery.task.lastSequence) + 1;
    const said = isEnd ? told.log : log;
    const { outcomes } = await this.service.report(token, [
      {
        deliveryId: delivery.deliveryId,
        sequence,
        state,
        ...(state === 'failed' && error !== undefined
          ? { error: { ...error, message: said === '' ? 'The client says no more.' : said } }
          : said === ''
            ? {}
            : { detail: said }),
        ...(state === 'succeeded' ? { installed: await this.installedWith(token, delivery) } : {}),
      },
    ]);
    told.sequence = sequence;
    told.state = state;
    if (isEnd) told.isOver = true;
    if (outcomes[0]?.outcome === 'refused')
      throw new LeonoreError('MALFORMED_INPUT', outcomes[0].reason ?? 'refused');
  }

  /** What is on the device once the delivery is: what was there, without what went and what came anew. */
  private async installedWith(
    token: string,
    { digest, task }: ClientDelivery,
  ): Promise<readonly Installed[]> {
    const { installed = [] } = await this.service.profile(token);
    const came = (await this.packages.of(digest)).map(({ artifact }) => artifact);
    const gone = new Set(task.remove);
    const stays = installed.filter(
      ({ name, version }) => !gone.has(`${name}@${version}`) && !came.some((one) => one.name === name),
    );
    return [
      ...stays,
      ...came.map(({ name, version, installedSize, requested }) => ({
        name,
        version,
        installedSize,
        requested,
      })),
    ];
  }

  /** Nobody there could carry it out: whoever ordered it learns so at once. */
  private async refuseOrder(token: string, deliveryId: string, lastSequence: number): Promise<void> {
    const error = {
      class: 'state',
      step: 'order',
      message: 'The client of this device takes no orders.',
    } as const;
    await this.service.report(token, [{ deliveryId, sequence: lastSequence + 1, state: 'failed', error }]);
  }
}

function endOf(log: string): string {
  return log.length <= limits.reportDetailBytes ? log : log.slice(-limits.reportDetailBytes);
}
