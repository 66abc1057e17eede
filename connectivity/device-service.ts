import { LRUCache } from 'lru-cache';
import type { Order, Report, ReportsResponse, Task } from '../domain/agent-protocol/messages.js';
import { parseDeliveryId } from '../domain/delivery/delivery-id.js';
import { LeonoreError } from '../domain/errors.js';
import { parseOrderId } from '../domain/order/order-id.js';
import type { GatewayProfile } from '../domain/gateway/profile.js';
import type { BlobStore } from '../repositories/blob-store.js';
import type {
  ChunkAcknowledgement,
  DeliveryRepository,
  GatewayReports,
  PollAnswer,
  ReportResult,
} from '../repositories/delivery-repository.js';
import type { GatewayCredentials, GatewayRepository } from '../repositories/gateway-repository.js';
import type { OrderRepository } from '../repositories/order-repository.js';
import { Batcher } from './batcher.js';
import { gatewayOfToken, tokenMatches } from './gateway-token.js';

export interface DeviceServiceOptions {
  /** The node that serves; gateways of other nodes are sent away. */
  readonly nodeId: string;
  readonly deliveries: DeliveryRepository;
  readonly gateways: GatewayRepository;
  readonly orders: OrderRepository;
  readonly blobs: BlobStore;
  /** Told of a package whose archive is missing though a gateway may have it, so that it can be built again. */
  missing(digest: string): void;
  /** Told what ended, so that the waiting workflows can be woken. */
  acknowledged(acknowledgements: readonly ChunkAcknowledgement[]): void;
}

/** What a gateway is told when it asks. */
export interface TaskAnswer {
  readonly gatewayId: string;
  readonly tasks: readonly Task[];
  readonly orders: readonly Order[];
  readonly profileWanted: boolean;
}

/**
 * What a node does for its gateways, whatever protocol they speak. A gateway proves who it is with its own token and
 * sees only itself. Requests of many gateways are answered together, one statement a batch.
 */
export class DeviceService {
  private readonly polls: Batcher<string, PollAnswer | undefined>;
  private readonly credentials: Batcher<string, GatewayCredentials | undefined>;
  private readonly downloads: Batcher<{ gatewayId: string; digest: string }, boolean>;
  private readonly reports: Batcher<GatewayReports, ReportResult>;
  private readonly heard: Batcher<string, void>;
  /** Gateways whose last contact is noted already: polls of the next minute need not write. */
  private readonly noted = new LRUCache<string, true>({ max: 100_000, ttl: 60_000 });

  constructor(private readonly options: DeviceServiceOptions) {
    const { deliveries, gateways } = options;
    const reading = { maxSize: 500, concurrency: 2, maxQueued: 20_000 };
    this.polls = new Batcher(
      inOrder((ids) => deliveries.poll(ids)),
      reading,
    );
    this.credentials = new Batcher(
      inOrder((ids) => gateways.credentialsOf(ids)),
      reading,
    );
    this.downloads = new Batcher((pairs) => deliveries.mayDownload(pairs), reading);
    // One at a time: two batches that end a chunk together would each see the other's rows as open.
    this.reports = new Batcher((batch) => this.store(batch), {
      maxSize: 500,
      concurrency: 1,
      maxQueued: 20_000,
    });
    this.heard = new Batcher(
      async (ids) => {
        await gateways.seen([...new Set(ids)]);
        return [];
      },
      { maxSize: 2_000, concurrency: 1, maxQueued: 50_000 },
    );
  }

  /** Requests of gateways that wait to be answered. */
  get waiting(): number {
    const batchers = [this.polls, this.credentials, this.downloads, this.reports, this.heard];
    return batchers.reduce((sum, batcher) => sum + batcher.waiting, 0);
  }

  /**
   * The tasks and orders that wait for a gateway.
   * @throws LeonoreError UNAUTHENTICATED, NOT_THIS_NODE
   */
  async tasks(token: string | null): Promise<TaskAnswer> {
    const answer = this.admit(token, await this.polls.submit(claimedGateway(token)));
    if (!this.noted.has(answer.gatewayId)) {
      this.noted.set(answer.gatewayId, true);
      await this.heard.submit(answer.gatewayId);
    }
    return {
      gatewayId: answer.gatewayId,
      tasks: answer.task === null ? [] : [answer.task],
      orders: answer.order === null ? [] : [answer.order],
      profileWanted: answer.profileWanted,
    };
  }

  /**
   * Takes a gateway's reports. Each is applied once; all are done with when this returns.
   * @throws LeonoreError UNAUTHENTICATED, NOT_THIS_NODE; DELIVERY_NOT_FOUND or DELIVERY_ENDED when no report of the
   *   request was of any use
   */
  async report(token: string | null, reports: readonly Report[]): Promise<ReportsResponse> {
    const gatewayId = await this.authenticate(token);
    const outcomes: ReportsResponse['outcomes'] = [];
    for (const [deliveryId, own] of groupByDelivery(reports)) {
      const result = await this.apply(gatewayId, deliveryId, own);
      for (const [index, report] of own.entries()) {
        const outcome = result.outcomes[index] ?? 'unknown';
        const state = result.state === null ? {} : { state: result.state };
        outcomes.push({ deliveryId, sequence: report.sequence, outcome, ...state });
      }
    }
    refuseUseless(outcomes);
    return { outcomes };
  }

  private async apply(
    gatewayId: string,
    deliveryId: string,
    reports: readonly Report[],
  ): Promise<ReportResult> {
    const delivery = parseDeliveryId(deliveryId);
    if (delivery !== null) return this.reports.submit({ gatewayId, delivery, reports });
    const order = parseOrderId(deliveryId);
    if (order !== null) return this.options.orders.report(gatewayId, order, reports);
    return { outcomes: reports.map(() => 'unknown'), state: null };
  }

  /** @throws LeonoreError UNAUTHENTICATED, NOT_THIS_NODE, FORBIDDEN when the profile is another gateway's */
  async updateProfile(token: string | null, profile: GatewayProfile): Promise<void> {
    const gatewayId = await this.authenticate(token);
    if (profile.id !== gatewayId) throw new LeonoreError('FORBIDDEN', 'a gateway sends its own profile only');
    await this.options.gateways.updateProfile(profile);
  }

  /**
   * A package archive that this gateway may have: an unfinished delivery needs it, or it was delivered before.
   * @returns its size in bytes
   * @throws LeonoreError UNAUTHENTICATED, NOT_THIS_NODE, PACKAGE_NOT_FOUND; PACKAGE_REBUILDING: ask again later
   */
  async admitDownload(token: string | null, digest: string): Promise<number> {
    const gatewayId = await this.authenticate(token);
    if (!(await this.downloads.submit({ gatewayId, digest }))) {
      throw new LeonoreError('PACKAGE_NOT_FOUND', 'no delivery of this gateway is about that package');
    }
    const size = await this.options.blobs.sizeOf(digest);
    if (size !== null) return size;
    this.options.missing(digest);
    throw new LeonoreError('PACKAGE_REBUILDING', `the package ${digest} is being built again`);
  }

  private async authenticate(token: string | null): Promise<string> {
    const known = await this.credentials.submit(claimedGateway(token));
    return this.admit(token, known && { ...known, gatewayId: known.id }).gatewayId;
  }

  private admit<T extends { gatewayId: string; tokenHash: Uint8Array; nodeId: string | null; state: string }>(
    token: string | null,
    known: T | undefined,
  ): T {
    if (token === null || known?.state !== 'active' || !tokenMatches(token, known.tokenHash))
      throw unauthenticated();
    if (known.nodeId !== this.options.nodeId) {
      throw new LeonoreError(
        'NOT_THIS_NODE',
        `the gateway belongs to ${known.nodeId ?? 'no node'}, not to ${this.options.nodeId}`,
      );
    }
    return known;
  }

  private async store(batch: readonly GatewayReports[]): Promise<readonly ReportResult[]> {
    const { results, acknowledgements } = await this.options.deliveries.report(batch);
    this.options.acknowledged(acknowledgements);
    return results;
  }
}

function claimedGateway(token: string | null): string {
  const gatewayId = token === null ? null : gatewayOfToken(token);
  if (gatewayId === null) throw unauthenticated();
  return gatewayId;
}

function unauthenticated(): LeonoreError {
  return new LeonoreError('UNAUTHENTICATED', 'the token is not that of a registered gateway');
}

/** Makes a look-up by id answer in the order of the ids. */
function inOrder<T>(
  lookUp: (ids: readonly string[]) => Promise<Map<string, T>>,
): (ids: string[]) => Promise<(T | undefined)[]> {
  return async (ids) => {
    const found = await lookUp([...new Set(ids)]);
    return ids.map((id) => found.get(id));
  };
}

function groupByDelivery(reports: readonly Report[]): Map<string, Report[]> {
  const groups = new Map<string, Report[]>();
  for (const report of reports) {
    const group = groups.get(report.deliveryId);
    if (group === undefined) groups.set(report.deliveryId, [report]);
    else group.push(report);
  }
  return groups;
}

function refuseUseless(outcomes: ReportsResponse['outcomes']): void {
  const first = outcomes[0];
  if (first === undefined || outcomes.some(({ outcome }) => outcome === 'applied' || outcome === 'duplicate'))
    return;
  if (first.outcome === 'unknown') {
    throw new LeonoreError('DELIVERY_NOT_FOUND', `this gateway has no delivery "${first.deliveryId}"`, {
      outcomes,
    });
  }
  throw new LeonoreError(
    'DELIVERY_ENDED',
    `the delivery "${first.deliveryId}" has ended: ${first.state ?? ''}`,
    { outcomes },
  );
}
