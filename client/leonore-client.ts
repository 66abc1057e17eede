import { Readable } from 'node:stream';
import createClient, { type Client } from 'openapi-fetch';
import { archiveArtifact } from './artifact-archive.js';
import { errorOfAnswer, errorOfNoAnswer } from './client-error.js';
import type { paths } from './openapi.js';
import type {
  ApplicationPackage,
  Artifact,
  Contest,
  Delivery,
  Deployment,
  Enrolment,
  EnrolmentRequest,
  ExpectRequest,
  Gateway,
  GatewayOrder,
  GatewayValue,
  ValueChanges,
  LeonoreNode,
  NodePool,
  PlanAnswer,
  Rollout,
  RolloutProgress,
  RolloutSummary,
} from './resources.js';
import { watchEvents, type WatchOptions } from './watch-rollout.js';

export interface ClientOptions {
  /** URL of the management API, such as http://127.0.0.1:8480. */
  readonly server: string;
  /** A management token. */
  readonly token: string;
}

/** A set of gateways by their ids, or by a selector; exactly one of the two. */
export interface NewDeployment {
  readonly name: string;
  readonly gatewayIds?: string[];
  readonly select?: string;
}

/** What to plan, and for a deployment or for a single gateway; exactly one of the two. */
export interface PlanRequest {
  /** `NAME` or `NAME@RANGE`. */
  readonly requests: string[];
  readonly deployment?: string;
  readonly gatewayId?: string;
  /** Plans wanted for each group. */
  readonly plans?: number;
}

export interface NewRollout {
  /** `NAME` or `NAME@RANGE`. */
  readonly requests: string[];
  readonly deployment: string;
  /** Spreads its gateways over all nodes first, by that strategy. */
  readonly balancer?: NodePool['strategy'];
  readonly deadlineSeconds?: number;
}

/** What to do with an artifact, on gateways by their ids or on those of a deployment; exactly one of the two. */
export interface NewOrder {
  readonly action: GatewayOrder['action'];
  /** Name of the artifact; absent for `wipe`. */
  readonly artifact?: string;
  /** Of `uninstall`: whether its data stays. */
  readonly keepData?: boolean;
  readonly gatewayIds?: string[];
  readonly deployment?: string;
  readonly deadlineSeconds?: number;
}

/** An order that was given, and to how many gateways. */
export interface GivenOrder {
  readonly id: string;
  readonly gateways: number;
  /** Dependencies that go with it, with the number of gateways. */
  readonly also: Readonly<Record<string, number>>;
}

interface Page<T> {
  readonly items: T[];
  readonly nextCursor: string | null;
}

interface PageQuery {
  limit: string;
  cursor?: string;
}

type Trust = paths['/api/v1/trust']['get']['responses'][200]['content']['application/json'];

type DeliveryStateName = Delivery['state'];

const pageSize = '500';

/** A client of LEONORE's management API. Every method throws a ClientError when it fails. */
export function createLeonoreClient(options: ClientOptions): LeonoreClient {
  return new LeonoreClient(options);
}

export class LeonoreClient {
  private readonly http: Client<paths>;

  constructor({ server, token }: ClientOptions) {
    this.http = createClient<paths>({
      baseUrl: server.replace(/\/+$/, ''),
      headers: { authorization: `Bearer ${token}` },
    });
    this.http.use({
      async onResponse({ response }) {
        if (!response.ok) throw await errorOfAnswer(response);
      },
      onError({ error }) {
        return errorOfNoAnswer(server, error);
      },
    });
  }

  /**
   * Adds one version of an artifact from its directory; streamed, never held in memory as a whole.
   * @param signature by its publisher, of what is sent
   */
  async addArtifact(
    directory: string,
    signature?: { readonly publicKey: string; readonly sig: string },
  ): Promise<Artifact> {
    const body = Readable.toWeb(await archiveArtifact(directory));
    const signed =
      signature === undefined ? {} : { 'leonore-signature': `${signature.publicKey}:${signature.sig}` };
    return answerOf(
      this.http.POST('/api/v1/artifacts', {
        body,
        bodySerializer: (stream: unknown) => stream,
        headers: { 'content-type': 'application/x-tar', ...signed },
        duplex: 'half',
      }),
    );
  }

  /** Who may sign, as gateways are told. */
  async trust(): Promise<Trust> {
    return answerOf(this.http.GET('/api/v1/trust'));
  }

  /** Publishes roots and delegations, as they were signed. */
  async publishTrust(body: { roots: string[]; targets: string }): Promise<Trust> {
    return answerOf(this.http.PUT('/api/v1/trust', { body }));
  }

  /** All artifacts, by name and version. */
  async artifacts(): Promise<Artifact[]> {
    return allPages((query) => this.http.GET('/api/v1/artifacts', { params: { query } }));
  }

  /** All versions of an artifact, newest first. */
  async artifactVersions(name: string): Promise<Artifact[]> {
    const path = { name };
    return (await answerOf(this.http.GET('/api/v1/artifacts/{name}', { params: { path } }))).items;
  }

  async artifact(name: string, version: string): Promise<Artifact> {
    const path = { name, version };
    return answerOf(this.http.GET('/api/v1/artifacts/{name}/{version}', { params: { path } }));
  }

  async removeArtifact(name: string, version: string): Promise<void> {
    await this.http.DELETE('/api/v1/artifacts/{name}/{version}', { params: { path: { name, version } } });
  }

  /** @param filter `unwell`: only those that report that something is not as it should be */
  async gateways(filter: { readonly unwell?: boolean } = {}): Promise<Gateway[]> {
    return allPages((query) =>
      this.http.GET('/api/v1/gateways', {
        params: { query: { ...query, ...(filter.unwell === true ? { unwell: 'true' as const } : {}) } },
      }),
    );
  }

  async gateway(id: string): Promise<Gateway> {
    return answerOf(this.http.GET('/api/v1/gateways/{id}', { params: { path: { id } } }));
  }

  /** The values of a gateway by key; secrets are named, not shown. */
  async gatewayValues(id: string): Promise<GatewayValue[]> {
    const path = { id };
    return (await answerOf(this.http.GET('/api/v1/gateways/{id}/values', { params: { path } }))).items;
  }

  /** Sets and removes values of a gateway, all or nothing. */
  async changeGatewayValues(id: string, body: ValueChanges): Promise<GatewayValue[]> {
    const path = { id };
    return (await answerOf(this.http.PATCH('/api/v1/gateways/{id}/values', { body, params: { path } })))
      .items;
  }

  /** Takes a gateway out of service; its token is void at once. */
  async decommissionGateway(id: string): Promise<void> {
    await this.http.DELETE('/api/v1/gateways/{id}', { params: { path: { id } } });
  }

  /** Refused registrations under ids of gateways, the latest first. @param gateway of that one alone */
  async contests(gateway?: string): Promise<Contest[]> {
    const query = gateway === undefined ? {} : { gateway };
    return (await answerOf(this.http.GET('/api/v1/contested-gateways', { params: { query } }))).items;
  }

  /** Lets a gateway in that waits for it. */
  async approveGateway(id: string): Promise<Gateway> {
    return answerOf(this.http.POST('/api/v1/gateways/{id}/approval', { params: { path: { id } } }));
  }

  /** Lets an id be enrolled anew. @returns the claim code, if one was asked for: it is shown this once */
  async readmitGateway(
    id: string,
    body: { readonly code?: boolean; readonly expiresInSeconds?: number },
  ): Promise<{ id: string; claimCode: string | null }> {
    const path = { id };
    return answerOf(this.http.POST('/api/v1/gateways/{id}/readmission', { body, params: { path } }));
  }

  /** Sets and removes the operator's labels of a gateway, all or nothing. */
  async changeGatewayLabels(
    id: string,
    body: { readonly set?: Record<string, string>; readonly unset?: string[] },
  ): Promise<Gateway> {
    const path = { id };
    return answerOf(this.http.PATCH('/api/v1/gateways/{id}/labels', { body, params: { path } }));
  }

  /** Registers gateways before they come. @returns their claim codes, shown this once */
  async expectGateways(body: ExpectRequest): Promise<{ id: string; claimCode: string | null }[]> {
    return (await answerOf(this.http.POST('/api/v1/expected-gateways', { body }))).items;
  }

  /** Makes a token with which gateways may enrol; it is shown this once. */
  async createEnrolment(body: EnrolmentRequest): Promise<{ enrolment: Enrolment; token: string }> {
    return answerOf(this.http.POST('/api/v1/enrolments', { body }));
  }

  async enrolments(): Promise<Enrolment[]> {
    return (await answerOf(this.http.GET('/api/v1/enrolments'))).items;
  }

  async revokeEnrolment(name: string): Promise<void> {
    await this.http.DELETE('/api/v1/enrolments/{name}', { params: { path: { name } } });
  }

  /** Asks a gateway for a fresh profile at its next contact. */
  async requestProfile(id: string): Promise<void> {
    await this.http.POST('/api/v1/gateways/{id}/profile-request', { params: { path: { id } } });
  }

  /** @param idempotencyKey the same key gives the same order */
  async giveOrder(body: NewOrder, idempotencyKey?: string): Promise<GivenOrder> {
    const header = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
    return answerOf(this.http.POST('/api/v1/orders', { body, params: { header } }));
  }

  /** What an order would do: on how many gateways, and what would go with it. */
  async previewOrder(body: NewOrder): Promise<Omit<GivenOrder, 'id'>> {
    return answerOf(this.http.POST('/api/v1/orders/preview', { body }));
  }

  /** Each gateway's part in orders, oldest first. */
  async orders(filter: { order?: string; gateway?: string } = {}): Promise<GatewayOrder[]> {
    return allPages((page) => this.http.GET('/api/v1/orders', { params: { query: { ...page, ...filter } } }));
  }

  /** Withdraws an order from the gateways that have not begun with it. */
  async cancelOrder(id: string): Promise<{ cancelled: number }> {
    return answerOf(this.http.POST('/api/v1/orders/{id}/cancel', { params: { path: { id } } }));
  }

  async createDeployment(body: NewDeployment): Promise<Deployment> {
    return answerOf(this.http.POST('/api/v1/deployments', { body }));
  }

  async deployments(): Promise<Deployment[]> {
    return allPages((query) => this.http.GET('/api/v1/deployments', { params: { query } }));
  }

  /** A deployment, and how many gateways it has now. */
  async deployment(name: string): Promise<Deployment & { gateways: number }> {
    return answerOf(this.http.GET('/api/v1/deployments/{name}', { params: { path: { name } } }));
  }

  /** What a rollout would do; nothing is done. */
  async plan(body: PlanRequest): Promise<PlanAnswer> {
    return answerOf(this.http.POST('/api/v1/plans', { body }));
  }

  /** @param idempotencyKey the same key starts the same rollout */
  async startRollout(body: NewRollout, idempotencyKey: string): Promise<RolloutSummary> {
    const header = { 'idempotency-key': idempotencyKey };
    return answerOf(this.http.POST('/api/v1/rollouts', { body, params: { header } }));
  }

  /** All rollouts, newest first. */
  async rollouts(): Promise<RolloutSummary[]> {
    return allPages((query) => this.http.GET('/api/v1/rollouts', { params: { query } }));
  }

  async rollout(id: string): Promise<Rollout> {
    return answerOf(this.http.GET('/api/v1/rollouts/{id}', { params: { path: { id } } }));
  }

  /** Each gateway's part in a rollout. @param state only those in this state */
  async deliveries(id: string, state?: DeliveryStateName): Promise<Delivery[]> {
    return allPages((page) => {
      const query = state === undefined ? page : { ...page, state };
      return this.http.GET('/api/v1/rollouts/{id}/deliveries', { params: { path: { id }, query } });
    });
  }

  async cancelRollout(id: string): Promise<RolloutSummary> {
    return answerOf(this.http.POST('/api/v1/rollouts/{id}/cancel', { params: { path: { id } } }));
  }

  /** The progress of a rollout whenever it changes, until it has ended; see {@link watchEvents}. */
  watchRollout(id: string, options?: WatchOptions): AsyncGenerator<RolloutProgress> {
    return watchEvents(async (signal) => {
      const { data } = await this.http.GET('/api/v1/rollouts/{id}/events', {
        params: { path: { id } },
        parseAs: 'stream',
        ...(signal === undefined ? {} : { signal }),
      });
      return (data ?? []) as AsyncIterable<Uint8Array>;
    }, options);
  }

  async nodes(): Promise<LeonoreNode[]> {
    return (await this.nodesAndPool()).items;
  }

  /** All nodes, and the pool that they are in. */
  async nodesAndPool(): Promise<{ items: LeonoreNode[]; pool: NodePool }> {
    return answerOf(this.http.GET('/api/v1/nodes'));
  }

  async node(id: string): Promise<LeonoreNode> {
    return answerOf(this.http.GET('/api/v1/nodes/{id}', { params: { path: { id } } }));
  }

  /** Has a further node launched. @returns it, as it is being launched */
  async startNode(): Promise<LeonoreNode> {
    return answerOf(this.http.POST('/api/v1/nodes'));
  }

  /** Moves what a node has to the others, lets it finish what runs, then ends it. */
  async drainNode(id: string): Promise<LeonoreNode> {
    return answerOf(this.http.POST('/api/v1/nodes/{id}/drain', { params: { path: { id } } }));
  }

  async packages(): Promise<ApplicationPackage[]> {
    return allPages((query) => this.http.GET('/api/v1/packages', { params: { query } }));
  }
}

/** What a call answered; failures have been thrown before. */
async function answerOf<T>(call: Promise<{ data?: T }>): Promise<T> {
  const { data } = await call;
  if (data === undefined) throw new Error('the API answered without a body');
  return data;
}

async function allPages<T>(page: (query: PageQuery) => Promise<{ data?: Page<T> }>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const next: Page<T> = await answerOf(page({ limit: pageSize, ...(cursor === null ? {} : { cursor }) }));
    items.push(...next.items);
    cursor = next.nextCursor;
  } while (cursor !== null);
  return items;
}
