/** A small device API over real sockets, whose every answer a test can replace. */
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type {
  Order,
  RegisterRequest,
  Report,
  ReportsRequest,
  Task,
} from '../../domain/agent-protocol/messages.js';
import { renderRegistrationText, renderTasksText, wantsText } from '../../domain/agent-protocol/text-form.js';
import type { GatewayProfile } from '../../domain/gateway/profile.js';
import { KeyGuard } from './key-guard.js';
import type { TestPackage } from './test-package.js';

/** Answers a request itself and returns true, or leaves it to the server. */
export type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean;

export const enrolmentToken = 'enrolment';

export class DeviceServer {
  tasks: Task[] = [];
  orders: Order[] = [];
  profileWanted = false;
  strategy = 'pull';
  token = 'token-1';
  /** Where gateways are sent; this server itself by default. */
  nodeAddress: string;
  pollIntervalSeconds = 0.05;
  intercept: Intercept = () => false;
  /** What the gateway is known by, once it has shown a key. */
  readonly keys = new KeyGuard();
  /** Every report that was sent, duplicates too. */
  readonly reports: Report[] = [];
  readonly registrations: { readonly body: RegisterRequest; readonly token: string }[] = [];
  readonly profiles: GatewayProfile[] = [];
  readonly requests: {
    readonly method: string;
    readonly path: string;
    readonly range: string | undefined;
  }[] = [];
  /** Bytes of connections that have ended. */
  #endedBytes = 0;
  readonly #connections = new Set<Socket>();
  readonly #packages = new Map<string, Buffer>();
  readonly #changes = new EventEmitter();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {
    this.nodeAddress = url;
  }

  static async start(): Promise<DeviceServer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const device = new DeviceServer(server, `http://127.0.0.1:${port}`);
    device.#changes.setMaxListeners(0);
    server.on('request', (request, response) => void device.#answer(request, response));
    server.on('connection', (socket) => device.#count(socket));
    return device;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Bytes that went over the network, both ways. */
  get bytes(): number {
    return [...this.#connections].reduce((total, socket) => total + bytesOf(socket), this.#endedBytes);
  }

  #count(socket: Socket): void {
    this.#connections.add(socket);
    socket.once('close', () => {
      this.#connections.delete(socket);
      this.#endedBytes += bytesOf(socket);
    });
  }

  /** Offers a package to gateways. */
  offer(built: TestPackage, ...tasks: Task[]): void {
    this.#packages.set(built.digest, built.archive);
    this.tasks.push(...tasks);
  }

  /** Gives gateways an order. @returns its last report */
  order(
    deliveryId: string,
    action: Order['action'],
    artifact: string,
    over: Partial<Order> = {},
  ): Promise<Report> {
    const deadline = '2030-01-01T00:00:00Z';
    this.orders.push({ deliveryId, action, artifact, deadline, lastSequence: 0, ...over });
    return this.ending(deliveryId);
  }

  /** Resolves as soon as the condition holds; it is looked at after every request. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(this.#changes, 'change');
  }

  /** The last report of a delivery, once it has come. */
  async ending(deliveryId: string): Promise<Report> {
    const find = (): Report | undefined =>
      this.reports.find((report) => report.deliveryId === deliveryId && isFinal(report));
    await this.until(() => find() !== undefined);
    const report = find();
    if (report === undefined) throw new Error('no report');
    return report;
  }

  countOf(method: string, path: string): number {
    return this.requests.filter((request) => request.method === method && request.path.startsWith(path))
      .length;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    this.requests.push({ method: request.method ?? '', path, range: request.headers.range });
    if (!this.intercept(request, response)) {
      const body = await readBody(request).catch(() => null);
      if (body !== null) this.#serve(path, body, request, response);
    }
    this.#changes.emit('change');
  }

  #serve(path: string, body: string, request: IncomingMessage, response: ServerResponse): void {
    const bearer = (request.headers.authorization ?? '').replace('Bearer ', '');
    if (path === '/device/v1/register') return this.#register(body, bearer, request, response);
    if (bearer !== this.token) return problem(response, 401, 'UNAUTHENTICATED');
    if (path === '/device/v1/tasks') return this.#serveTasks(request, response);
    if (path === '/device/v1/reports') return this.#takeReports(body, response);
    if (path === '/device/v1/profile') {
      this.profiles.push((JSON.parse(body) as { profile: GatewayProfile }).profile);
      this.profileWanted = false;
      response.writeHead(204).end();
      return;
    }
    const archive = this.#packages.get(path.replace('/device/v1/packages/', ''));
    if (archive === undefined) return problem(response, 404, 'PACKAGE_NOT_FOUND');
    servePackage(archive, request, response);
  }

  #register(body: string, bearer: string, request: IncomingMessage, response: ServerResponse): void {
    const told = JSON.parse(body) as RegisterRequest;
    this.registrations.push({ body: told, token: bearer });
    const isOwn = bearer === this.token;
    const mayEnrol = isOwn || bearer === enrolmentToken;
    const verdict = this.keys.judge(request.headers, told.profile.id, body, mayEnrol);
    if (verdict.kind === 'invalid') return problem(response, 401, 'IDENTITY_PROOF_INVALID');
    if (verdict.kind === 'other' && mayEnrol) return problem(response, 409, 'GATEWAY_CONTESTED');
    if (verdict.kind === 'replayed')
      return problem(response, 409, 'REGISTRATION_REPLAYED', { lastCounter: verdict.lastCounter });
    const isProven = verdict.kind === 'proven';
    if (!mayEnrol && !isProven) return problem(response, 401, 'UNAUTHENTICATED');
    const answer = {
      gatewayId: 'gw',
      ...(isOwn ? {} : { token: this.token }),
      ...(isProven ? { key: verdict.key } : {}),
      node: { id: 'node-1', address: this.nodeAddress },
      protocol: 'http',
      strategy: this.strategy,
      pollIntervalSeconds: this.pollIntervalSeconds,
    };
    if (wantsText(request.headers.accept)) text(response, renderRegistrationText(answer));
    else json(response, answer);
  }

  #serveTasks(request: IncomingMessage, response: ServerResponse): void {
    const etag = `"${[...this.tasks, ...this.orders].map((task) => `${task.deliveryId}.${task.lastSequence}`).join(',')}/${this.profileWanted}"`;
    const answer = { tasks: this.tasks, orders: this.orders, profileWanted: this.profileWanted };
    if (request.headers['if-none-match'] === etag) response.writeHead(304, { etag }).end();
    else if (wantsText(request.headers.accept)) text(response, renderTasksText(answer), { etag });
    else json(response, answer, { etag });
  }

  #takeReports(body: string, response: ServerResponse): void {
    const { reports } = JSON.parse(body) as ReportsRequest;
    const outcomes = reports.map((report) => {
      const known = this.reports.some(
        (other) => other.deliveryId === report.deliveryId && other.sequence >= report.sequence,
      );
      this.reports.push(report);
      this.tasks = this.tasks.map((task) => heardOf(task, report));
      this.orders = this.orders.map((order) => heardOf(order, report));
      if (isFinal(report)) {
        this.tasks = this.tasks.filter((task) => task.deliveryId !== report.deliveryId);
        this.orders = this.orders.filter((order) => order.deliveryId !== report.deliveryId);
      }
      return {
        deliveryId: report.deliveryId,
        sequence: report.sequence,
        outcome: known ? 'duplicate' : 'applied',
        state: report.state,
      };
    });
    json(response, { outcomes });
  }
}

/** As a node serves it: strong ETag, ranges, If-Range. */
export function servePackage(archive: Buffer, request: IncomingMessage, response: ServerResponse): void {
  const digest = (request.url ?? '').split('/').at(-1) ?? '';
  const start = rangeStart(request, `"${digest}"`);
  const headers = { etag: `"${digest}"`, 'accept-ranges': 'bytes', 'content-length': archive.length - start };
  if (start > 0) {
    response.writeHead(206, {
      ...headers,
      'content-range': `bytes ${start}-${archive.length - 1}/${archive.length}`,
    });
  } else response.writeHead(200, headers);
  response.end(archive.subarray(start));
}

export function rangeStart(request: IncomingMessage, etag: string): number {
  if (request.headers['if-range'] !== etag) return 0;
  return Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
}

/** A task names the last report that LEONORE has of it. */
function heardOf<T extends Task | Order>(task: T, { deliveryId, sequence }: Report): T {
  return task.deliveryId === deliveryId && sequence > task.lastSequence
    ? { ...task, lastSequence: sequence }
    : task;
}

function bytesOf({ bytesRead, bytesWritten }: Socket): number {
  return bytesRead + bytesWritten;
}

function isFinal(report: Report): boolean {
  return report.state === 'succeeded' || report.state === 'failed';
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function json(response: ServerResponse, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

function text(response: ServerResponse, body: string, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'text/plain', ...headers }).end(body);
}

/** Answers with a problem document. */
export function problem(
  response: ServerResponse,
  status: number,
  code: string,
  details?: Readonly<Record<string, unknown>>,
): void {
  response
    .writeHead(status, { 'content-type': 'application/problem+json' })
    .end(JSON.stringify({ title: code, code, ...(details === undefined ? {} : { details }) }));
}
