/** The part of LEONORE's management API that the test bed uses, by the types that the API itself describes. */
import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { Readable } from 'node:stream';
import { artifactFiles } from '../client/artifact-archive.js';
import type { Signer } from '../trust/ed25519.js';
import { signArtifact } from '../trust/sign-artifact.js';
import createClient, { type Client } from 'openapi-fetch';
import { create } from 'tar';
import type { components, paths } from '../client/openapi.js';

export type RolloutView = components['schemas']['Rollout'];
export type RolloutStepView = components['schemas']['RolloutStep'];
export type RolloutGroupView = components['schemas']['RolloutGroup'];
export type CampaignView = components['schemas']['Campaign'];
export type WantedStateView = components['schemas']['WantedStateDetail'];
export type DeliveryView = components['schemas']['Delivery'];
export type GatewayView = components['schemas']['Gateway'];
export type PackageView = components['schemas']['Package'];
export type NodeView = components['schemas']['Node'];
export type NodePoolView = components['schemas']['NodePool'];
export type PlanAnswer = components['schemas']['PlanAnswer'];

export interface DeploymentRequest {
  readonly name: string;
  readonly select?: string;
  readonly gatewayIds?: string[];
}

export interface RolloutRequest {
  readonly requests: string[];
  readonly deployment: string;
  readonly deadlineSeconds?: number;
}

export interface CampaignRequest {
  readonly requests: string[];
  readonly gateways?: string[];
  readonly deployment?: string;
  readonly strategy: Record<string, unknown>;
}

interface WantedRequest {
  readonly requests: string[];
  readonly deployment: string;
  readonly deadlineSeconds?: number;
}

/** Largest page that the API gives. */
const pageLimit = '500';

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** What openapi-fetch answers with; `error` is the API's problem document. */
interface Answer<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/** Every method throws an Error with the API's own words when it refuses. */
export class LeonoreApi {
  private readonly client: Client<paths>;

  /** @param token a management token that may do everything */
  constructor(
    private readonly address: string,
    private readonly token: string,
  ) {
    this.client = createClient<paths>({ baseUrl: address, headers: { authorization: `Bearer ${token}` } });
  }

  /** Publishes who may sign. */
  async publishTrust(body: { roots: string[]; targets: string }): Promise<void> {
    accepted(await this.client.PUT('/api/v1/trust', { body }));
  }

  /** Ids of the keys that have signed each artifact, by `name@version`. */
  async signers(): Promise<Map<string, readonly string[]>> {
    const page = accepted(
      await this.client.GET('/api/v1/artifacts', { params: { query: { limit: '500' } } }),
    );
    return new Map(page.items.map(({ name, version, signedBy }) => [`${name}@${version}`, signedBy]));
  }

  /**
   * Streams an artifact directory in.
   * @param signer its publisher, when it is to be signed
   */
  async addArtifact(directory: string, signer?: Signer): Promise<void> {
    const signature =
      signer === undefined
        ? undefined
        : await signArtifact(directory, await artifactFiles(directory), signer);
    const pack = create({ cwd: directory, portable: true }, readdirSync(directory));
    // openapi-fetch does not know of streams; fetch does.
    const response = await fetch(new URL('/api/v1/artifacts', this.address), {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.token}`,
        'content-type': 'application/x-tar',
        ...(signature === undefined
          ? {}
          : { 'leonore-signature': `${signature.publicKey}:${signature.sig}` }),
      },
      body: Readable.toWeb(Readable.from(pack)) as ReadableStream,
      duplex: 'half',
    });
    if (!response.ok) throw refused(response, await response.text());
    await response.body?.cancel();
  }

  /** @returns the token by which gateways may enrol */
  async createEnrolment(body: components['schemas']['EnrolmentRequest']): Promise<string> {
    const { token } = accepted(await this.client.POST('/api/v1/enrolments', { body }));
    if (token === null) throw new Error('an enrolment that was just made has its token');
    return token;
  }

  async createDeployment(deployment: DeploymentRequest): Promise<void> {
    accepted(await this.client.POST('/api/v1/deployments', { body: deployment }));
  }

  /** Dry run. */
  async plan(requests: string[], deployment: string): Promise<PlanAnswer> {
    return accepted(await this.client.POST('/api/v1/plans', { body: { requests, deployment } }));
  }

  /** Starts a rollout. @returns its id */
  async startRollout(rollout: RolloutRequest): Promise<string> {
    const params = { header: { 'idempotency-key': randomUUID() } };
    return accepted(await this.client.POST('/api/v1/rollouts', { params, body: rollout })).id;
  }

  async rollout(id: string): Promise<RolloutView> {
    return accepted(await this.client.GET('/api/v1/rollouts/{id}', { params: { path: { id } } }));
  }

  /** Starts a campaign. @returns its id */
  async startCampaign(body: CampaignRequest): Promise<string> {
    const params = { header: { 'idempotency-key': randomUUID() } };
    return accepted(await this.client.POST('/api/v1/campaigns', { params, body })).id;
  }

  /** Keeps a deployment at artifacts. @returns the id of the wanted state */
  async wantState(body: WantedRequest): Promise<string> {
    const params = { header: { 'idempotency-key': randomUUID() } };
    return accepted(await this.client.POST('/api/v1/wanted-states', { params, body })).id;
  }

  async wantedState(id: string): Promise<WantedStateView> {
    return accepted(await this.client.GET('/api/v1/wanted-states/{id}', { params: { path: { id } } }));
  }

  async campaign(id: string): Promise<CampaignView> {
    return accepted(await this.client.GET('/api/v1/campaigns/{id}', { params: { path: { id } } }));
  }

  async package(id: string): Promise<PackageView> {
    return accepted(await this.client.GET('/api/v1/packages/{id}', { params: { path: { id } } }));
  }

  /** The bytes of a package's archive. */
  async packageArchive(id: string): Promise<Readable> {
    const response = await fetch(new URL(`/api/v1/packages/${id}/archive`, this.address), {
      headers: { authorization: `Bearer ${this.token}` },
    });
    if (!response.ok || response.body === null) throw refused(response, await response.text());
    return Readable.fromWeb(response.body);
  }

  deliveries(rolloutId: string): Promise<DeliveryView[]> {
    return allPages(async (query) =>
      accepted(
        await this.client.GET('/api/v1/rollouts/{id}/deliveries', {
          params: { path: { id: rolloutId }, query },
        }),
      ),
    );
  }

  gateways(): Promise<GatewayView[]> {
    return allPages(async (query) =>
      accepted(await this.client.GET('/api/v1/gateways', { params: { query } })),
    );
  }

  async nodes(): Promise<{ readonly items: readonly NodeView[]; readonly pool: NodePoolView }> {
    return accepted(await this.client.GET('/api/v1/nodes'));
  }

  /** Takes a gateway out of service. */
  async decommission(id: string): Promise<void> {
    const { error, response } = await this.client.DELETE('/api/v1/gateways/{id}', {
      params: { path: { id } },
    });
    if (!response.ok) throw refused(response, JSON.stringify(error));
  }

  /** What a gateway says that its instruction set is; null when there is no such gateway. */
  async architectureOf(id: string): Promise<string | null> {
    const answer = await this.client.GET('/api/v1/gateways/{id}', { params: { path: { id } } });
    return answer.response.status === 404 ? null : accepted(answer).profile.hardware.arch;
  }

  /** `name@version` of what is installed, by gateway. */
  async installedOn(gatewayIds: readonly string[]): Promise<Map<string, string[]>> {
    const views = await Promise.all(
      gatewayIds.map(async (id) =>
        accepted(await this.client.GET('/api/v1/gateways/{id}', { params: { path: { id } } })),
      ),
    );
    return new Map(
      views.map(({ id, profile }) => [
        id,
        (profile.installed ?? []).map(({ name, version }) => `${name}@${version}`),
      ]),
    );
  }
}

async function allPages<T>(
  get: (query: { limit: string; cursor?: string }) => Promise<Page<T>>,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await get({ limit: pageLimit, ...(cursor === null ? {} : { cursor }) });
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items;
}

function accepted<T>({ data, error, response }: Answer<T>): T {
  if (data === undefined) throw refused(response, JSON.stringify(error));
  return data;
}

function refused(response: Response, text: string): Error {
  return new Error(`${new URL(response.url).pathname} answered ${response.status}: ${text}`);
}
