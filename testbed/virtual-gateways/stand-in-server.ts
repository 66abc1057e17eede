/**
 * A stand-in for api and nodes, written from the schemas of the agent protocol: it lets the virtual gateways be
 * tested by themselves. Every message is validated; nothing is stored, planned or built.
 */
import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import { createGzip } from 'node:zlib';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { Header } from 'tar';
import { request } from 'undici';
import {
  devicePaths,
  RegisterRequestSchema,
  ReportsRequestSchema,
  type RegisterRequest,
  type Report,
  type ReportsRequest,
  type Task,
} from '../../domain/agent-protocol/messages.js';
import { deliveryTransitions } from '../../domain/delivery/events.js';
import type { DeliveryState } from '../../domain/delivery/state.js';
import type { ErrorCode } from '../../domain/error-kinds.js';
import type { PackagedArtifact } from '../../domain/package-format/package-manifest.js';

interface KnownGateway {
  readonly registration: RegisterRequest;
  readonly token: string;
  readonly strategy: string;
  task: Task | null;
  state: DeliveryState;
  sequence: number;
  version: number;
}

export interface StandInPackage {
  readonly digest: string;
  readonly bytes: Buffer;
}

export class StandInServer {
  readonly gateways = new Map<string, KnownGateway>();
  readonly reports: Report[] = [];
  unchangedPolls = 0;
  registrations = 0;
  /** The next so many task requests are answered with 421, as by a node that lost the gateway. */
  misdirect = 0;
  /** Deliveries are over for the server, though it still offers them: as one that was cancelled a moment ago. */
  hasEndedAll = false;
  address = '';
  private readonly packages = new Map<string, Buffer>();

  private constructor(private readonly server: FastifyInstance) {}

  static async start(): Promise<StandInServer> {
    const server = fastify({ ajv: { customOptions: { removeAdditional: false } } });
    const standIn = new StandInServer(server);
    standIn.addRoutes();
    standIn.address = await server.listen({ host: '127.0.0.1', port: 0 });
    return standIn;
  }

  addPackage(pack: StandInPackage): void {
    this.packages.set(pack.digest, pack.bytes);
  }

  removePackage(digest: string): void {
    this.packages.delete(digest);
  }

  /** Offers a package to all gateways, and notifies those that are pushed. */
  async offer(
    pack: StandInPackage,
    deliveryPrefix: string,
    remove: string[] = [],
    startState?: string,
  ): Promise<void> {
    this.addPackage(pack);
    const changes = { remove, ...(startState === undefined ? {} : { startState }) };
    await Promise.all(
      [...this.gateways].map(([id, gateway]) => this.offerTo(id, gateway, pack, deliveryPrefix, changes)),
    );
  }

  countOf(state: DeliveryState): number {
    return [...this.gateways.values()].filter((gateway) => gateway.state === state).length;
  }

  async stop(): Promise<void> {
    this.server.server.closeAllConnections();
    await this.server.close();
  }

  private async offerTo(
    id: string,
    gateway: KnownGateway,
    pack: StandInPackage,
    deliveryPrefix: string,
    changes: { readonly remove: string[]; readonly startState?: string },
  ): Promise<void> {
    gateway.task = {
      deliveryId: `${deliveryPrefix}-${id}`,
      rolloutId: deliveryPrefix,
      action: 'install',
      package: {
        id: pack.digest,
        digest: pack.digest,
        sizeBytes: pack.bytes.length,
        installedSizeBytes: pack.bytes.length,
      },
      ...changes,
      removeFirst: false,
      values: {},
      deadline: new Date(Date.now() + 60_000).toISOString(),
      lastSequence: 0,
    };
    gateway.state = 'offered';
    gateway.sequence = 0;
    gateway.version++;
    const address = gateway.registration.pushAddress;
    if (gateway.strategy !== 'push' || address === undefined) return;
    try {
      const response = await request(address, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ reason: 'task' }),
      });
      await response.body.dump();
    } catch {
      // A silent gateway hangs up; its delivery stays offered, which the tests look at.
    }
  }

  private addRoutes(): void {
    this.server.post<{ Body: RegisterRequest }>(
      devicePaths.register,
      { schema: { body: RegisterRequestSchema } },
      (incoming) => this.register(incoming.body),
    );
    this.server.get(devicePaths.tasks, async (incoming, reply) => {
      const gateway = this.authenticate(incoming);
      if (gateway === undefined) return reply.code(401).send();
      if (this.misdirect > 0) {
        this.misdirect--;
        return reply.code(421).send();
      }
      const etag = `"${gateway.version}"`;
      if (incoming.headers['if-none-match'] === etag) {
        this.unchangedPolls++;
        return reply.code(304).send();
      }
      const tasks = gateway.task === null ? [] : [gateway.task];
      return reply.header('etag', etag).send({ tasks, profileWanted: false });
    });
    this.server.get<{ Params: { digest: string } }>(
      `${devicePaths.packages}/:digest`,
      async (incoming, reply) => {
        if (this.authenticate(incoming) === undefined) return reply.code(401).send();
        const bytes = this.packages.get(incoming.params.digest);
        return bytes === undefined ? reply.code(404).send() : reply.send(bytes);
      },
    );
    this.server.post<{ Body: ReportsRequest }>(
      devicePaths.reports,
      { schema: { body: ReportsRequestSchema } },
      async (incoming, reply) => {
        const gateway = this.authenticate(incoming);
        if (gateway === undefined) return reply.code(401).send();
        if (this.hasEndedAll) return reply.code(409).send({ code: 'DELIVERY_ENDED' satisfies ErrorCode });
        return { outcomes: incoming.body.reports.map((report) => this.take(gateway, report)) };
      },
    );
  }

  private register(body: RegisterRequest): object {
    this.registrations++;
    const id = body.profile.id;
    const strategy = body.profile.strategies?.[0] ?? 'pull';
    const token = this.gateways.get(id)?.token ?? `token-of-${id}`;
    if (!this.gateways.has(id)) {
      const fresh = { task: null, state: 'pending', sequence: 0, version: 1 } as const;
      this.gateways.set(id, { registration: body, token, strategy, ...fresh });
    }
    const node = { id: 'stand-in', address: this.address };
    return { gatewayId: id, token, node, protocol: 'http', strategy, pollIntervalSeconds: 60 };
  }

  private authenticate(incoming: FastifyRequest): KnownGateway | undefined {
    const id = /^Bearer token-of-(.+)$/.exec(incoming.headers.authorization ?? '')?.[1];
    return id === undefined ? undefined : this.gateways.get(id);
  }

  private take(gateway: KnownGateway, report: Report): object {
    const { deliveryId, sequence } = report;
    if (gateway.task?.deliveryId !== deliveryId) return { deliveryId, sequence, outcome: 'unknown' };
    if (sequence <= gateway.sequence) return { deliveryId, sequence, outcome: 'duplicate' };
    if (!deliveryTransitions[gateway.state].includes(report.state))
      throw new Error(`${gateway.state} then ${report.state}`);
    gateway.sequence = sequence;
    gateway.state = report.state;
    this.reports.push(report);
    if (report.state === 'succeeded' || report.state === 'failed') {
      gateway.task = null;
      gateway.version++;
    }
    return { deliveryId, sequence, outcome: 'applied', state: gateway.state };
  }
}

/** A package in the form of the real ones as far as a virtual gateway looks: a gzip tar with a manifest.json. */
export async function standInPackage(
  name: string,
  version: string,
  payload: Buffer,
): Promise<StandInPackage> {
  const artifact: PackagedArtifact = {
    name,
    version,
    kind: 'application',
    digest: createHash('sha256').update(payload).digest('hex'),
    requested: true,
    installedSize: payload.length,
    control: {},
    start: false,
    keepData: false,
  };
  const path = `binary/${name}-${version}/payload`;
  const file = { path, sha256: artifact.digest, mode: '0644', size: payload.length };
  const manifest = {
    format: 1,
    artifacts: [artifact],
    tree: [],
    contentSize: payload.length,
    installedSize: payload.length,
    files: [file],
  };
  const bytes = await gzipTar([
    ['manifest.json', Buffer.from(JSON.stringify(manifest))],
    [path, payload],
  ]);
  return { digest: createHash('sha256').update(bytes).digest('hex'), bytes };
}

async function gzipTar(files: readonly (readonly [string, Buffer])[]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const gzip = createGzip();
  const ended = new Promise<void>((resolve, reject) => {
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(chunk);
        done();
      },
    });
    gzip.pipe(sink).on('finish', resolve).on('error', reject);
  });
  for (const [path, content] of files) {
    const header = Buffer.alloc(512);
    new Header({ path, size: content.length, mode: 0o644, type: 'File', mtime: new Date(0) }).encode(header);
    gzip.write(header);
    gzip.write(content);
    gzip.write(Buffer.alloc((512 - (content.length % 512)) % 512));
  }
  gzip.end(Buffer.alloc(1_024));
  await ended;
  return Buffer.concat(chunks);
}
