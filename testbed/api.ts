/** The part of LEONORE's management API that the test bed uses. */
import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { Readable } from 'node:stream';
import { create } from 'tar';
import { Agent, request } from 'undici';
import type { GatewayProfile } from '../domain/gateway/profile.js';

export interface DeploymentRequest {
  readonly name: string;
  readonly select?: string;
  readonly gatewayIds?: readonly string[];
}

export interface RolloutRequest {
  readonly requests: readonly string[];
  readonly deployment: string;
  readonly deadlineSeconds?: number;
}

export interface RolloutStepView {
  readonly step: string;
  readonly name: string;
  /** Node for steps iv to vii, null or empty for the others. */
  readonly nodeId: string | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
}

export interface RolloutGroupView {
  readonly id: string;
  readonly nodeId: string;
  readonly packageId: string | null;
  readonly gateways: number;
  readonly attempts: readonly {
    readonly planIndex: number;
    readonly outcome: string;
    readonly error: string | null;
  }[];
  readonly explanation: string | null;
}

export interface RolloutView {
  readonly id: string;
  readonly state: string;
  readonly createdAt: string;
  readonly endedAt: string | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly steps: readonly RolloutStepView[];
  readonly groups: readonly RolloutGroupView[];
}

export interface DeliveryView {
  readonly gatewayId: string;
  readonly state: string;
  readonly nodeId: string;
  readonly error: unknown;
  readonly explanation: string | null;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export interface GatewayView {
  readonly id: string;
  readonly nodeId: string | null;
  readonly strategy: string;
  readonly profile: GatewayProfile;
}

export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

export class LeonoreApi {
  private readonly dispatcher = new Agent({ connections: 4, headersTimeout: 60_000, bodyTimeout: 60_000 });

  /** @param token a management token that may do everything */
  constructor(
    private readonly address: string,
    private readonly token: string,
  ) {}

  /** Streams an artifact directory in. */
  async addArtifact(directory: string): Promise<void> {
    const pack = create({ cwd: directory, portable: true }, readdirSync(directory));
    await this.call('POST', '/artifacts', Readable.from(pack), 'application/x-tar');
  }

  async createDeployment(deployment: DeploymentRequest): Promise<void> {
    await this.callJson('POST', '/deployments', deployment);
  }

  /** Starts a rollout. @returns its id */
  async startRollout(rollout: RolloutRequest): Promise<string> {
    const answer = await this.callJson('POST', '/rollouts', rollout, { 'idempotency-key': randomUUID() });
    return (answer as { id: string }).id;
  }

  async rollout(id: string): Promise<RolloutView> {
    return (await this.callJson('GET', `/rollouts/${id}`)) as RolloutView;
  }

  async deliveries(rolloutId: string): Promise<DeliveryView[]> {
    return this.allPages<DeliveryView>(`/rollouts/${rolloutId}/deliveries`);
  }

  async gateways(): Promise<GatewayView[]> {
    return this.allPages<GatewayView>('/gateways');
  }

  /** `name@version` of what is installed, by gateway. */
  async installedOn(gatewayIds: readonly string[]): Promise<Map<string, string[]>> {
    const views = await Promise.all(
      gatewayIds.map((id) => this.callJson('GET', `/gateways/${encodeURIComponent(id)}`)),
    );
    return new Map(
      (views as GatewayView[]).map(({ id, profile }) => [
        id,
        (profile.installed ?? []).map(({ name, version }) => `${name}@${version}`),
      ]),
    );
  }

  async close(): Promise<void> {
    await this.dispatcher.close();
  }

  private async allPages<T>(path: string): Promise<T[]> {
    const items: T[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page = (await this.callJson('GET', `${path}?limit=500${query}`)) as Page<T>;
      items.push(...page.items);
      cursor = page.nextCursor;
    }
    return items;
  }

  private callJson(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<unknown> {
    if (body === undefined) return this.call(method, path, null, null, headers);
    return this.call(method, path, JSON.stringify(body), 'application/json', headers);
  }

  private async call(
    method: 'GET' | 'POST',
    path: string,
    body: string | Readable | null,
    contentType: string | null,
    headers: Record<string, string> = {},
  ): Promise<unknown> {
    const response = await request(new URL(`/api/v1${path}`, this.address), {
      method,
      body,
      dispatcher: this.dispatcher,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(contentType === null ? {} : { 'content-type': contentType }),
        ...headers,
      },
    });
    const text = await response.body.text();
    if (response.statusCode >= 300) {
      throw new ApiError(`${method} ${path} answered ${response.statusCode}: ${text}`, response.statusCode);
    }
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }
}
