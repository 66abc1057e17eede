import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Order, Report, ReportsResponse, Task } from '../domain/agent-protocol/messages.js';
import { isRefused, readReport, type RefusedReport } from '../domain/agent-protocol/read-report.js';
import { parseDeliveryId } from '../domain/delivery/delivery-id.js';
import { isEnded } from '../domain/delivery/state.js';
import { LeonoreError } from '../domain/errors.js';
import type { GatewayProfile } from '../domain/gateway/profile.js';
import { limits } from '../domain/limits.js';
import { cleanText } from '../domain/text.js';
import type { PackageStatements } from '../domain/trust/statement.js';
import type { BlobStore } from '../repositories/blob-store.js';
import type {
  ChunkAcknowledgement,
  DeliveryRepository,
  GatewayReports,
  PollAnswer,
  ReportResult,
  SealedValue,
} from '../repositories/delivery/delivery-repository.js';
import type { GatewayRepository } from '../repositories/gateway-repository.js';
import type { SecretBox } from '../repositories/secret-box.js';
import { secretPlaceOf } from '../repositories/registration-repository.js';
import { isPlainToken } from '../trust/plain-token.js';
import type { SecretOpener } from '../trust/sealing-keys.js';
import { Batcher } from './batcher.js';
import { gatewayOfPlainToken, gatewayOfToken, gatewayTokenMatches } from './gateway-token.js';
import type { Contest } from '../repositories/contest-repository.js';
import { RunsOfGateways } from './runs-of-gateways.js';
import { KnownGateways } from './known-gateways.js';
import type { NodeTrust } from './node-trust.js';

export interface DeviceServiceOptions {
  /** The node that serves; gateways of other nodes are sent away. */
  readonly nodeId: string;
  readonly deliveries: DeliveryRepository;
  readonly gateways: GatewayRepository;
  readonly blobs: BlobStore;
  /** Opens the secrets of HMAC keys, which tasks are tagged with. */
  readonly secrets: Pick<SecretBox, 'open'>;
  /** Opens the secrets that tasks carry. */
  readonly values: Pick<SecretOpener, 'open'>;
  /** Signs tasks, and hands on what others have signed; without it gateways are told nothing of signatures. */
  readonly trust?: NodeTrust;
  /** Told of a package whose archive is missing though a gateway may have it, so that it can be built again. */
  missing(digest: string): void;
  /** Told of a gateway that is there twice. */
  contested?(contest: Contest): void;
  /** Told what ended, so that the waiting workflows can be woken. */
  acknowledged(acknowledgements: readonly ChunkAcknowledgement[]): void;
  /** Told of failures that no gateway waits for. */
  failed(error: unknown): void;
}

/** What a gateway is told when it asks. */
export interface TaskAnswer {
  readonly gatewayId: string;
  readonly tasks: readonly Task[];
  readonly orders: readonly Order[];
  readonly profileWanted: boolean;
  /** Names what a gateway has to do: equal as long as that is the same, though its last report may be another. */
  readonly version: string;
}

/** What is remembered of a gateway that belongs to this node. */
interface KnownGateway {
  readonly tokenHash: Uint8Array;
  /** Of its symmetric key: sealed as long as it is remembered. */
  readonly keySecret: Uint8Array | null;
  readonly nodeId: string | null;
  readonly state: string;
  /** Null when it has to be looked up. */
  readonly answer: TaskAnswer | null;
  /** Secret values of what it is to do, by key: sealed as long as they are remembered. */
  readonly sealed: Readonly<Record<string, SealedValue>>;
  /** Digest of the archive that its task needs. */
  readonly wanted: string | null;
}

/** How often it is written which gateways were heard of. */
const heardEveryMs = 5_000;
/** A gateway's last contact is written at most so often. */
const heardAgainMs = 60_000;
const idsOfOneStatement = 2_000;
/** No gateway minds so long a wait; while many are at work it makes one statement of several. */
const gatherMs = 20;

/**
 * What a node does for its gateways, whatever protocol they speak. A gateway proves who it is with its own token and
 * sees only itself. Requests of many gateways are answered together, one statement a batch, and those that bring
 * nothing new from memory.
 */
export class DeviceService {
  private readonly known = new KnownGateways<KnownGateway>();
  private readonly lookUps: Batcher<string, KnownGateway | undefined>;
  private readonly downloads: Batcher<{ gatewayId: string; digest: string }, boolean>;
  private readonly profiles: Batcher<string, GatewayProfile | undefined>;
  private readonly reports: Batcher<GatewayReports, ReportResult>;
  /** Gateways heard of since that was last written. */
  private readonly heard = new Set<string>();
  /** Gateways whose last contact is noted already. */
  private readonly noted = new LRUCache<string, true>({ max: 200_000, ttl: heardAgainMs });
  private readonly runs = new RunsOfGateways();
  private readonly writing: NodeJS.Timeout;

  constructor(private readonly options: DeviceServiceOptions) {
    const { deliveries } = options;
    const reading = { maxSize: 500, concurrency: 2, maxQueued: 20_000, gatherMs };
    this.lookUps = new Batcher((ids) => this.lookUp(ids), reading);
    this.downloads = new Batcher((pairs) => deliveries.mayDownload(pairs), reading);
    this.profiles = new Batcher(async (ids) => {
      const told = await options.gateways.profilesOf(ids);
      return ids.map((id) => told.get(id));
    }, reading);
    // One at a time: two batches that end a chunk together would each see the other's rows as open.
    this.reports = new Batcher((batch) => this.store(batch), {
      maxSize: 500,
      concurrency: 1,
      maxQueued: 20_000,
      gatherMs,
    });
    this.writing = setInterval(() => void this.writeHeard(), heardEveryMs);
    this.writing.unref();
  }

  /** Whether changes are announced; only then is anything remembered. */
  changesAnnounced(announced: boolean): void {
    if (announced) this.known.trust();
    else this.known.distrust();
  }

  /** What a gateway is to be told may have changed. */
  gatewayChanged(gatewayId: string): void {
    this.known.forget(gatewayId);
  }

  /** Writes what is still to be written. */
  async close(): Promise<void> {
    clearInterval(this.writing);
    await this.writeHeard();
  }

  /** Requests of gateways that wait to be answered. */
  get waiting(): number {
    const batchers = [this.lookUps, this.downloads, this.profiles, this.reports];
    return batchers.reduce((sum, batcher) => sum + batcher.waiting, 0);
  }

  /**
   * Whose token it is, for protocols that admit a connection once.
   * @throws LeonoreError UNAUTHENTICATED, NOT_THIS_NODE
   */
  async admitted(token: string): Promise<string> {
    const gatewayId = claimedGateway(token);
    await this.admit(token);
    return gatewayId;
  }

  /**
   * Notes that a gateway is there, or has gone, where its protocol tells.
   * @throws LeonoreError UNAUTHENTICATED, also when the token is not this gateway's; NOT_THIS_NODE
   */
  async present(token: string, gatewayId: string, isThere: boolean): Promise<void> {
    if ((await this.admitted(token)) !== gatewayId) throw unauthenticated();
    await this.options.gateways.present([gatewayId], isThere);
  }

  /**
   * The tasks and orders that wait for a gateway.
   * @param from which run of the agent asks, and from where, as far as it says
   * @throws LeonoreError UNAUTHENTICATED, NOT_THIS_NODE; SECRETS_UNAVAILABLE: better no task than one without its
   *   password; CHANNEL_NOT_PRIVATE when there are secrets in what it is to do, and the token is one that others may have seen
   */
  async tasks(
    token: string | null,
    from: { readonly run: string; readonly address: string } | null = null,
  ): Promise<TaskAnswer> {
    const { answer, keySecret } = await this.told(token);
    const { gatewayId, tasks, orders } = answer;
    if (from !== null && this.runs.isSecondDevice(gatewayId, from.run))
      this.options.contested?.({ gatewayId, reason: 'twice', key: '', address: from.address });
    const { trust, secrets } = this.options;
    if (trust === undefined) return answer;
    const nowMs = Date.now();
    const isAny = tasks.length + orders.length > 0;
    const secret = isAny && keySecret !== null ? secrets.open(keySecret, secretPlaceOf(gatewayId)) : null;
    const gateway = { gatewayId, secret };
    return {
      ...answer,
      tasks: tasks.map((task) => trust.signed(task, gateway, nowMs)),
      orders: orders.map((order) => trust.signed(order, gateway, nowMs)),
    };
  }

  /**
   * The same for a device with a client of its own, which could not verify a signature.
   * @throws LeonoreError as {@link tasks} does
   */
  async unsignedTasks(token: string): Promise<TaskAnswer> {
    return (await this.told(token)).answer;
  }

  private async told(
    token: string | null,
  ): Promise<Pick<KnownGateway, 'keySecret'> & { readonly answer: TaskAnswer }> {
    const { answer, sealed, keySecret } = await this.admit(token, (known) => known.answer !== null);
    if (answer === null) throw unauthenticated();
    const { gatewayId } = answer;
    if (token !== null && isPlainToken(token) && Object.keys(sealed).length > 0)
      throw new LeonoreError('CHANNEL_NOT_PRIVATE', 'what this gateway is to do has secrets in it');
    if (!this.noted.has(gatewayId)) {
      this.noted.set(gatewayId, true);
      this.heard.add(gatewayId);
    }
    const tasks = answer.tasks.map((task) => this.withSecrets(task, sealed));
    const orders = answer.orders.map((order) => this.withSecrets(order, sealed));
    return { answer: { ...answer, tasks, orders }, keySecret };
  }

  /**
   * Ends what a gateway is to do first and can never be told: whoever waits for it learns so at once.
   * @param message why
   * @throws LeonoreError UNAUTHENTICATED, NOT_THIS_NODE
   */
  async failUntold(token: string, message: string): Promise<void> {
    const { answer } = await this.admit(token, (known) => known.answer !== null);
    const work = answer?.tasks[0] ?? answer?.orders[0];
    if (work === undefined) return;
    const error = { class: 'state', step: 'channel', message };
    const { deliveryId, lastSequence } = work;
    await this.report(token, [{ deliveryId, sequence: lastSequence + 1, state: 'failed', error }]);
  }

  /**
   * Takes a gateway's reports. Each is applied once; all are done with when this returns.
   * @param bodies reports as they came; a malformed one is refused by itself
   * @throws LeonoreError UNAUTHENTICATED, NOT_THIS_NODE; MALFORMED_INPUT, DELIVERY_NOT_FOUND or DELIVERY_ENDED when no
   *   report of the request was of any use
   */
  async report(token: string | null, bodies: readonly unknown[]): Promise<ReportsResponse> {
    const gatewayId = claimedGateway(token);
    await this.admit(token);
    const read = bodies.map(readReport);
    const reports = read.filter((report): report is Report => !isRefused(report));
    const outcomes: ReportsResponse['outcomes'] = read.filter(isRefused).map(asRefused);
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

  /** A delivery id that cannot be one is reported on by nobody: it is as unknown as one of another gateway. */
  private async apply(
    gatewayId: string,
    deliveryId: string,
    reports: readonly Report[],
  ): Promise<ReportResult> {
    const delivery = parseDeliveryId(deliveryId);
    if (delivery !== null) return this.reports.submit({ gatewayId, delivery, reports });
    return { outcomes: reports.map(() => 'unknown'), state: null };
  }

  /**
   * Keeps what a gateway wrote about a delivery, of protocols that send it by itself: also after its end.
   * @param log the end of it is kept
   * @throws LeonoreError UNAUTHENTICATED, NOT_THIS_NODE; DELIVERY_NOT_FOUND when it is not about one of the gateway's
   */
  async keepLog(token: string | null, deliveryId: string, log: string): Promise<void> {
    const gatewayId = claimedGateway(token);
    await this.admit(token);
    const delivery = parseDeliveryId(deliveryId);
    const text = cleanText(log.slice(-limits.reportDetailBytes), limits.reportDetailBytes);
    if (delivery === null || !(await this.options.deliveries.keepLog(gatewayId, delivery, text)))
      throw new LeonoreError('DELIVERY_NOT_FOUND', 'this gateway has no such delivery');
  }

  /** @throws LeonoreError UNAUTHENTICATED, NOT_THIS_NODE, FORBIDDEN when the profile is another gateway's */
  async updateProfile(token: string | null, profile: GatewayProfile): Promise<void> {
    const gatewayId = claimedGateway(token);
    await this.admit(token);
    if (profile.id !== gatewayId) throw new LeonoreError('FORBIDDEN', 'a gateway sends its own profile only');
    this.options.acknowledged(await this.options.gateways.updateProfile(profile));
    this.known.forget(gatewayId);
  }

  /**
   * What a gateway has told of itself, with what is installed as far as its reports say.
   * @throws LeonoreError UNAUTHENTICATED, NOT_THIS_NODE
   */
  async profile(token: string | null): Promise<GatewayProfile> {
    const gatewayId = claimedGateway(token);
    await this.admit(token);
    const profile = await this.profiles.submit(gatewayId);
    if (profile === undefined) throw unauthenticated();
    return profile;
  }

  /**
   * A package archive that this gateway may have: an unfinished delivery needs it, or it was delivered before.
   * @returns its size in bytes
   * @throws LeonoreError UNAUTHENTICATED, NOT_THIS_NODE, PACKAGE_NOT_FOUND; PACKAGE_REBUILDING: ask again later
   */
  async admitDownload(token: string | null, digest: string): Promise<number> {
    const gatewayId = claimedGateway(token);
    const { wanted } = await this.admit(token);
    if (wanted !== digest && !(await this.downloads.submit({ gatewayId, digest }))) {
      throw new LeonoreError('PACKAGE_NOT_FOUND', 'no delivery of this gateway is about that package');
    }
    const size = await this.options.blobs.sizeOf(digest);
    if (size !== null) return size;
    this.options.missing(digest);
    throw new LeonoreError('PACKAGE_REBUILDING', `the package ${digest} is being built again`);
  }

  /**
   * A file of trust metadata, for any gateway of this node.
   * @throws LeonoreError UNAUTHENTICATED, NOT_THIS_NODE; ROUTE_NOT_FOUND when there is none of that name
   */
  async trustFile(token: string | null, name: string): Promise<string> {
    await this.admit(token);
    const file = await this.options.trust?.file(name, Date.now());
    if (typeof file !== 'string') throw new LeonoreError('ROUTE_NOT_FOUND', `there is no metadata ${name}`);
    return file;
  }

  /**
   * What was signed of the artifacts of a package that this gateway may have.
   * @throws LeonoreError as admitDownload does
   */
  async statements(token: string | null, digest: string): Promise<PackageStatements> {
    await this.admitDownload(token, digest);
    return (await this.options.trust?.statementsOf(digest)) ?? { artifacts: [], builds: [] };
  }

  /**
   * Who a token is of, from memory if that admits it and holds what is needed, else from the database.
   * @throws LeonoreError UNAUTHENTICATED, NOT_THIS_NODE
   */
  private async admit(
    token: string | null,
    isEnough: (known: KnownGateway) => boolean = () => true,
  ): Promise<KnownGateway> {
    const gatewayId = claimedGateway(token);
    const remembered = this.known.get(gatewayId);
    if (
      token !== null &&
      remembered !== undefined &&
      isEnough(remembered) &&
      gatewayTokenMatches(token, remembered.tokenHash)
    )
      return remembered;
    const known = await this.lookUps.submit(gatewayId);
    if (token === null || known?.state !== 'active' || !gatewayTokenMatches(token, known.tokenHash))
      throw unauthenticated();
    if (!this.isOwn(known)) {
      throw new LeonoreError(
        'NOT_THIS_NODE',
        `the gateway belongs to ${known.nodeId ?? 'no node'}, not to ${this.options.nodeId}`,
      );
    }
    return known;
  }

  private isOwn({ state, nodeId }: Pick<KnownGateway, 'state' | 'nodeId'>): boolean {
    return state === 'active' && nodeId === this.options.nodeId;
  }

  private withSecrets<Work extends Task | Order>(work: Work, sealed: KnownGateway['sealed']): Work {
    const opened = Object.entries(sealed).map(([key, { bytes, place }]): [string, string] => [
      key,
      this.options.values.open(bytes, place),
    ]);
    return opened.length === 0
      ? work
      : { ...work, values: { ...work.values, ...Object.fromEntries(opened) } };
  }

  private async lookUp(ids: readonly string[]): Promise<readonly (KnownGateway | undefined)[]> {
    const found = await this.known.read(
      async () => {
        const answers = await this.options.deliveries.poll([...new Set(ids)]);
        return new Map([...answers].map(([id, answer]) => [id, toKnown(answer)]));
      },
      (known) => this.isOwn(known),
    );
    return ids.map((id) => found.get(id));
  }

  private async writeHeard(): Promise<void> {
    const ids = [...this.heard];
    this.heard.clear();
    try {
      for (let start = 0; start < ids.length; start += idsOfOneStatement) {
        await this.options.gateways.seen(ids.slice(start, start + idsOfOneStatement));
      }
    } catch (error) {
      // Who is heard of again is written then; the time of a last contact is no more exact than this anyway.
      this.noted.clear();
      this.options.failed(error);
    }
  }

  private async store(batch: readonly GatewayReports[]): Promise<readonly ReportResult[]> {
    const { results, acknowledgements } = await this.options.deliveries.report(batch);
    for (const [index, { gatewayId }] of batch.entries()) {
      const state = results[index]?.state ?? null;
      // While it is under way the package is still needed.
      const isUnderWay = state !== null && !isEnded(state);
      this.known.change(gatewayId, (known) => ({
        ...known,
        answer: null,
        wanted: isUnderWay ? known.wanted : null,
      }));
    }
    this.options.acknowledged(acknowledgements);
    return results;
  }
}

function claimedGateway(token: string | null): string {
  const gatewayId = token === null ? null : (gatewayOfToken(token) ?? gatewayOfPlainToken(token));
  if (gatewayId === null) throw unauthenticated();
  return gatewayId;
}

function unauthenticated(): LeonoreError {
  return new LeonoreError('UNAUTHENTICATED', 'the token is not that of a registered gateway');
}

function toKnown(answer: PollAnswer): KnownGateway {
  const { gatewayId, tokenHash, keySecret, nodeId, state, task, sealed, order, profileWanted } = answer;
  const tasks = task === null ? [] : [task];
  const orders = order === null ? [] : [order];
  const version = versionOf(tasks, orders, profileWanted);
  return {
    tokenHash,
    keySecret,
    nodeId,
    state,
    answer: { gatewayId, tasks, orders, profileWanted, version },
    sealed,
    wanted: task?.package.digest ?? null,
  };
}

function versionOf(tasks: readonly Task[], orders: readonly Order[], profileWanted: boolean): string {
  const facts = [
    ...tasks.map((task) => `${task.deliveryId} ${task.package.digest}`),
    ...orders.map((order) => order.deliveryId),
  ].join(',');
  if (facts === '') return profileWanted ? 'profile' : 'nothing';
  return createHash('sha256').update(`${facts} ${profileWanted}`).digest('base64url').slice(0, 22);
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

function asRefused({ deliveryId, sequence, reason }: RefusedReport): ReportsResponse['outcomes'][number] {
  return { deliveryId, sequence, outcome: 'refused', reason };
}

function refuseUseless(outcomes: ReportsResponse['outcomes']): void {
  const first = outcomes[0];
  if (first === undefined || outcomes.some(({ outcome }) => outcome === 'applied' || outcome === 'duplicate'))
    return;
  if (first.outcome === 'refused') {
    throw new LeonoreError('MALFORMED_INPUT', `the report is malformed: ${first.reason ?? ''}`, { outcomes });
  }
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
