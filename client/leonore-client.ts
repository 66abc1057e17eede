import { Readable } from 'node:stream';
import createClient, { type Client } from 'openapi-fetch';
import { allPages, itemsOf, type Page } from './all-pages.js';
import { answerOf } from './answer-of.js';
import { fetchCertifiedBy } from './certified-fetch.js';
import { errorOfAnswer, errorOfNoAnswer } from './client-error.js';
import { EnrolmentCalls } from './enrolment-calls.js';
import type { paths } from './openapi.js';
import { PeopleCalls } from './people-calls.js';
import type {
  AddedArtifact,
  ApplicationPackage,
  Artifact,
  Campaign,
  CampaignPreview,
  CampaignSummary,
  Delivery,
  Deployment,
  CampaignEvidence,
  DeliveryFacets,
  Dependents,
  Fleet,
  Gateway,
  GatewayDelivery,
  GatewayDetail,
  GatewayEvent,
  GatewayOrder,
  Identified,
  ValueChanges,
  LeonoreNode,
  NodePool,
  PlanAnswer,
  Rollout,
  RolloutProgress,
  RolloutSummary,
  SharedValue,
  SharedValueChanges,
  WantedMember,
  WantedState,
  WantedStateDetail,
} from './resources.js';
import type {
  CampaignVerbName,
  GatewayFilter,
  GatewaySort,
  GatewayValues,
  GivenOrder,
  NewCampaign,
  NewDeployment,
  NewOrder,
  NewRollout,
  NewWantedState,
  PlanRequest,
} from './requests.js';
import { SignInClient } from './sign-in-client.js';
import { WebhookCalls } from './webhook-calls.js';
import { watchEvents, type WatchOptions } from './watch-rollout.js';

export interface ClientOptions {
  /** URL of the management API, such as http://127.0.0.1:8480. */
  readonly server: string;
  /** A management token; absent where nobody has signed in yet. */
  readonly token?: string;
  /** PEM of the authority that the server must be certified by; absent: those of the system. */
  readonly ca?: string;
}

type Trust = paths['/api/v1/trust']['get']['responses'][200]['content']['application/json'];

type DeliveryStateName = Delivery['state'];

const createdStatus = 201;

/** A client of LEONORE's management API. Every method throws a ClientError when it fails. */
export function createLeonoreClient(options: ClientOptions): LeonoreClient {
  return new LeonoreClient(options);
}

export class LeonoreClient {
  /** Signing in and out, and who is signed in. */
  readonly signIn: SignInClient;
  /** Who may do what, and who did. */
  readonly people: PeopleCalls;
  /** Which gateways are let in. */
  readonly enrolment: EnrolmentCalls;
  /** Who is told of what happens. */
  readonly webhooks: WebhookCalls;
  private readonly http: Client<paths>;

  constructor({ server, token, ca }: ClientOptions) {
    this.http = createClient<paths>({
      baseUrl: server.replace(/\/+$/, ''),
      ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
      ...(ca === undefined ? {} : { fetch: fetchCertifiedBy(ca) }),
    });
    this.http.use({
      async onResponse({ response }) {
        if (!response.ok) throw await errorOfAnswer(response);
      },
      onError({ error }) {
        return errorOfNoAnswer(server, error);
      },
    });
    this.signIn = new SignInClient(this.http);
    this.people = new PeopleCalls(this.http);
    this.enrolment = new EnrolmentCalls(this.http);
    this.webhooks = new WebhookCalls(this.http);
  }

  /**
   * Adds one version of an artifact from its directory; streamed, never held in memory as a whole.
   * @param signature by its publisher, of what is sent
   */
  async addArtifact(
    directory: string,
    signature?: { readonly publicKey: string; readonly sig: string },
  ): Promise<AddedArtifact> {
    // Few calls send files.
    const { archiveArtifact } = await import('./artifact-archive.js');
    const body = Readable.toWeb(await archiveArtifact(directory));
    const signed =
      signature === undefined ? {} : { 'leonore-signature': `${signature.publicKey}:${signature.sig}` };
    const call = this.http.POST('/api/v1/artifacts', {
      body,
      bodySerializer: (stream: unknown) => stream,
      headers: { 'content-type': 'application/x-tar', ...signed },
      duplex: 'half',
    });
    const artifact = await answerOf(call);
    return { ...artifact, outcome: (await call).response.status === createdStatus ? 'added' : 'unchanged' };
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

  /** Who has a version, and what would break if it were removed. */
  async dependents(name: string, version: string): Promise<Dependents> {
    const path = { name, version };
    return answerOf(this.http.GET('/api/v1/artifacts/{name}/{version}/dependents', { params: { path } }));
  }

  /** @param force whether it goes though somebody needs it */
  async removeArtifact(name: string, version: string, force = false): Promise<void> {
    const query = force ? { force: 'true' as const } : {};
    await this.http.DELETE('/api/v1/artifacts/{name}/{version}', {
      params: { path: { name, version }, query },
    });
  }

  /** Gateways, by id unless `sort` says otherwise: all, or those that are asked for. */
  async gateways(filter: GatewayFilter & { readonly sort?: GatewaySort } = {}): Promise<Gateway[]> {
    return allPages((query) =>
      this.http.GET('/api/v1/gateways', { params: { query: { ...query, ...filter } } }),
    );
  }

  /** How many gateways there are, how they stand, and what they have. */
  async fleet(filter: GatewayFilter = {}): Promise<Fleet> {
    return answerOf(this.http.GET('/api/v1/fleet', { params: { query: filter } }));
  }

  /** A gateway's part in rollouts and orders, the newest first; one page. */
  async gatewayDeliveries(id: string, limit: number): Promise<GatewayDelivery[]> {
    const params = { path: { id }, query: { limit: String(limit) } };
    return (await answerOf(this.http.GET('/api/v1/gateways/{id}/deliveries', { params }))).items;
  }

  /** What happened to a gateway, in order. */
  async gatewayHistory(id: string): Promise<GatewayEvent[]> {
    return (await answerOf(this.http.GET('/api/v1/gateways/{id}/history', { params: { path: { id } } })))
      .items;
  }

  /** One gateway's part in a rollout or an order. */
  async delivery(id: string, gateway: string): Promise<GatewayDelivery> {
    return answerOf(
      this.http.GET('/api/v1/rollouts/{id}/deliveries/{gateway}', { params: { path: { id, gateway } } }),
    );
  }

  async gateway(id: string): Promise<GatewayDetail> {
    return answerOf(this.http.GET('/api/v1/gateways/{id}', { params: { path: { id } } }));
  }

  /** The values of a gateway by key, and where each comes from; secrets are named, not shown. */
  async gatewayValues(id: string): Promise<GatewayValues> {
    return answerOf(this.http.GET('/api/v1/gateways/{id}/values', { params: { path: { id } } }));
  }

  /** Sets and removes values of a gateway's own, all or nothing. */
  async changeGatewayValues(id: string, body: ValueChanges): Promise<GatewayValues> {
    return answerOf(this.http.PATCH('/api/v1/gateways/{id}/values', { body, params: { path: { id } } }));
  }

  /** The values of fleet and selectors; secrets are named, not shown. */
  async sharedValues(): Promise<SharedValue[]> {
    return (await answerOf(this.http.GET('/api/v1/values'))).items;
  }

  /** Sets and removes values of the fleet, or of all that a selector matches, all or nothing. */
  async changeSharedValues(
    body: SharedValueChanges,
  ): Promise<{ items: SharedValue[]; undeclared: string[] }> {
    return answerOf(this.http.PATCH('/api/v1/values', { body }));
  }

  /** @param idempotencyKey the same key gives the same wanted state */
  async wantState(body: NewWantedState, idempotencyKey: string): Promise<WantedState> {
    const header = { 'idempotency-key': idempotencyKey };
    return answerOf(this.http.POST('/api/v1/wanted-states', { body, params: { header } }));
  }

  /** All wanted states, newest first. */
  async wantedStates(): Promise<WantedState[]> {
    return allPages((query) => this.http.GET('/api/v1/wanted-states', { params: { query } }));
  }

  /** A wanted state, and how many gateways stand how. */
  async wantedState(id: string): Promise<WantedStateDetail> {
    return answerOf(this.http.GET('/api/v1/wanted-states/{id}', { params: { path: { id } } }));
  }

  /** How gateways stand to a wanted state, and why. */
  async wantedGateways(id: string, standing?: WantedMember['standing']): Promise<WantedMember[]> {
    const filter = standing === undefined ? {} : { standing };
    return allPages((page) =>
      this.http.GET('/api/v1/wanted-states/{id}/gateways', {
        params: { path: { id }, query: { ...page, ...filter } },
      }),
    );
  }

  async endWantedState(id: string): Promise<WantedState> {
    return answerOf(this.http.POST('/api/v1/wanted-states/{id}/end', { params: { path: { id } } }));
  }

  /** Takes a gateway out of service; its token is void at once. */
  async decommissionGateway(id: string): Promise<void> {
    await this.http.DELETE('/api/v1/gateways/{id}', { params: { path: { id } } });
  }

  /** Sets and removes the operator's labels of a gateway, all or nothing. */
  async changeGatewayLabels(
    id: string,
    body: { readonly set?: Record<string, string>; readonly unset?: string[] },
  ): Promise<Gateway> {
    const path = { id };
    return answerOf(this.http.PATCH('/api/v1/gateways/{id}/labels', { body, params: { path } }));
  }

  /** Why deliveries of a rollout ended badly, counted. */
  async rolloutReasons(id: string): Promise<DeliveryFacets['facets']['reason']> {
    const { facets } = await answerOf(
      this.http.GET('/api/v1/rollouts/{id}/facets', { params: { path: { id } } }),
    );
    return facets.reason;
  }

  /** What a campaign did, gateway by gateway, as it is read. */
  campaignReport(id: string): AsyncGenerator<CampaignEvidence> {
    return itemsOf(async (query) => {
      const { data } = await this.http.GET('/api/v1/campaigns/{id}/report', {
        params: { path: { id }, query },
      });
      // Of its formats this one is asked for when none is named.
      return { data: data as Page<CampaignEvidence> };
    });
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

  /** @param idempotencyKey the same key creates it once, however often it is sent */
  async createDeployment(body: NewDeployment, idempotencyKey?: string): Promise<Deployment> {
    const header = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
    return answerOf(this.http.POST('/api/v1/deployments', { body, params: { header } }));
  }

  /** Other gateways under the same name. */
  async changeDeployment({ name, ...body }: NewDeployment): Promise<Deployment> {
    return answerOf(this.http.PUT('/api/v1/deployments/{name}', { body, params: { path: { name } } }));
  }

  /** Refused while something needs it. */
  async removeDeployment(name: string): Promise<void> {
    await this.http.DELETE('/api/v1/deployments/{name}', { params: { path: { name } } });
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

  /** @param idempotencyKey the same key starts the same campaign */
  async startCampaign(body: NewCampaign, idempotencyKey: string): Promise<CampaignSummary> {
    const header = { 'idempotency-key': idempotencyKey };
    return answerOf(this.http.POST('/api/v1/campaigns', { body, params: { header } }));
  }

  /** What a campaign would do, and when. */
  async previewCampaign(body: NewCampaign): Promise<CampaignPreview> {
    return answerOf(this.http.POST('/api/v1/campaigns/preview', { body }));
  }

  /** All campaigns, newest first. */
  async campaigns(): Promise<CampaignSummary[]> {
    return allPages((query) => this.http.GET('/api/v1/campaigns', { params: { query } }));
  }

  async campaign(id: string): Promise<Campaign> {
    return answerOf(this.http.GET('/api/v1/campaigns/{id}', { params: { path: { id } } }));
  }

  /**
   * Asks something of a campaign; asked again, it changes nothing.
   * @param phase of approve and rollback, the first is 1
   */
  async tellCampaign(
    id: string,
    verb: CampaignVerbName,
    body: { readonly reason?: string; readonly phase?: number },
  ): Promise<CampaignSummary> {
    const params = { path: { id } };
    if (verb === 'approve' || verb === 'rollback')
      return answerOf(this.http.POST(`/api/v1/campaigns/{id}/${verb}`, { body, params }));
    const said = body.reason === undefined ? {} : { reason: body.reason };
    return answerOf(this.http.POST(`/api/v1/campaigns/{id}/${verb}`, { body: said, params }));
  }

  /** Rollouts, orders, campaigns and wanted states whose ids begin so; not all when there are many. */
  async idsBeginningWith(prefix: string): Promise<Identified[]> {
    return (await answerOf(this.http.GET('/api/v1/ids', { params: { query: { prefix } } }))).items;
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
