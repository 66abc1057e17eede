/** Devices with a client of hawkBit's, thousands in one process: they poll, fetch what they are told of, and say so. */
import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { Limiter } from '../../domain/limiter.js';

export interface DdiFleetOptions {
  /** Of the DDI API, with the tenant. */
  readonly address: string;
  readonly enrolmentToken: string;
  readonly prefix: string;
  readonly count: number;
  readonly pollSeconds: number;
  /** Connections, and devices at work at the same time. */
  readonly concurrency: number;
}

interface Link {
  readonly href: string;
}

interface Base {
  readonly _links: { readonly deploymentBase?: Link };
}

interface DeploymentBase {
  readonly id: string;
  readonly deployment: {
    readonly chunks: readonly {
      readonly artifacts: readonly {
        readonly hashes: { readonly sha256: string };
        readonly _links: Readonly<Record<'download-http', Link>>;
      }[];
    }[];
  };
}

export class DdiFleet {
  private readonly connections: Agent;
  private readonly limiter: Limiter;
  private readonly stopping = new AbortController();
  private readonly known = new Set<string>();
  private readonly running: Promise<void>;
  /** What no device should meet: the first of it. */
  private fault: unknown = null;

  constructor(private readonly options: DdiFleetOptions) {
    const { concurrency, prefix, count } = options;
    this.connections = new Agent({ connections: concurrency, keepAliveTimeout: 30_000 });
    this.limiter = new Limiter(concurrency);
    // Each request listens for its end.
    setMaxListeners(0, this.stopping.signal);
    const devices = Array.from({ length: count }, (_none, index) => this.live(`${prefix}-${index}`));
    this.running = Promise.all(devices).then(() => undefined);
  }

  /** How many have been let in. @throws what a device met that none should */
  get entered(): number {
    if (this.fault !== null) throw new Error('a device met what none should', { cause: this.fault });
    return this.known.size;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.connections.destroy();
  }

  /** Polls begin anywhere within the interval: devices of a fleet do not ask together. */
  private async live(id: string): Promise<void> {
    const intervalMs = this.options.pollSeconds * 1_000;
    let nextMs = performance.now() + Math.random() * intervalMs;
    while (!this.stopping.signal.aborted) {
      await sleep(Math.max(0, nextMs - performance.now()));
      nextMs = performance.now() + intervalMs;
      try {
        await this.limiter.run(() => this.round(id));
      } catch (error) {
        this.note(error);
      }
    }
  }

  /** What a stop cuts off is no fault. */
  private note(error: unknown): void {
    if (!this.stopping.signal.aborted) this.fault ??= error;
  }

  private async round(id: string): Promise<void> {
    if (this.stopping.signal.aborted) return;
    const base = await this.json<Base>(`${this.options.address}/${id}`);
    // Not let in yet: it asks again.
    if (base === null) return;
    this.known.add(id);
    const { deploymentBase } = base._links;
    if (deploymentBase === undefined) return;
    const told = await this.json<DeploymentBase>(deploymentBase.href);
    if (told === null) return;
    await this.feedback(id, told.id, 'proceeding', 'none');
    for (const { artifacts } of told.deployment.chunks)
      for (const { hashes, _links: links } of artifacts)
        await this.fetch(links['download-http'].href, hashes.sha256);
    await this.feedback(id, told.id, 'closed', 'success');
  }

  private async json<T>(url: string): Promise<T | null> {
    const { statusCode, body } = await request(url, this.asked());
    if (statusCode === 200) return (await body.json()) as T;
    const words = await body.text();
    if (statusCode === 429 || statusCode === 503) return null;
    throw new Error(`${url} was answered by ${statusCode}: ${words}`);
  }

  private async fetch(url: string, sha256: string): Promise<void> {
    const { body } = await request(url, this.asked());
    const hash = createHash('sha256');
    for await (const part of body) hash.update(part as Buffer);
    if (hash.digest('hex') !== sha256) throw new Error(`${url} brought something else`);
  }

  private async feedback(id: string, action: string, execution: string, finished: string): Promise<void> {
    const status = { execution, result: { finished }, details: [] };
    const url = `${this.options.address}/${id}/deploymentBase/${action}/feedback`;
    const { statusCode, body } = await request(url, {
      ...this.asked({ 'content-type': 'application/json' }),
      method: 'POST',
      body: JSON.stringify({ id: action, status }),
    });
    const words = await body.text();
    if (statusCode !== 200) throw new Error(`a feedback was answered by ${statusCode}: ${words}`);
  }

  private asked(headers: Readonly<Record<string, string>> = {}) {
    const authorization = `GatewayToken ${this.options.enrolmentToken}`;
    return {
      dispatcher: this.connections,
      signal: this.stopping.signal,
      headers: { ...headers, authorization },
    };
  }
}
