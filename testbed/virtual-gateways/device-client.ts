/**
 * The requests of the agent protocol for a whole fleet over one pool of connections. It keeps nothing of a
 * gateway and nothing of a package on disk; that is what makes thousands a process possible.
 */
import { createHash } from 'node:crypto';
import { Compile } from 'typebox/compile';
import { Agent, request, type Dispatcher } from 'undici';
import {
  devicePaths,
  RegisterResponseSchema,
  ReportsResponseSchema,
  TasksResponseSchema,
  type RegisterRequest,
  type RegisterResponse,
  type Report,
  type ReportsResponse,
  type TasksResponse,
} from '../../domain/agent-protocol/messages.js';

const isRegisterResponse = Compile(RegisterResponseSchema);
const isTasksResponse = Compile(TasksResponseSchema);
const isReportsResponse = Compile(ReportsResponseSchema);

/** What a node answered instead of what was asked for. */
export class DeviceRequestError extends Error {
  override readonly name = 'DeviceRequestError';

  constructor(
    message: string,
    readonly status: number,
    /** Seconds that the server wants to be left alone. */
    readonly retryAfterSeconds: number | null,
  ) {
    super(message);
  }
}

/** The package that came is not the package that was announced. */
export class PackageIntegrityError extends Error {
  override readonly name = 'PackageIntegrityError';
}

export interface NodeAccess {
  readonly address: string;
  readonly token: string;
}

export type TasksAnswer =
  | { readonly changed: false }
  | { readonly changed: true; readonly etag: string | null; readonly body: TasksResponse };

/** Receives the bytes of a download as they come. */
export type ChunkSink = (chunk: Buffer) => void;

export class DeviceClient {
  private readonly dispatcher: Agent;

  /** @param connections connections to each server at most */
  constructor(connections: number) {
    this.dispatcher = new Agent({
      connections,
      pipelining: 1,
      keepAliveTimeout: 30_000,
      connect: { timeout: 10_000 },
      headersTimeout: 60_000,
      bodyTimeout: 60_000,
    });
  }

  async register(server: string, token: string, body: RegisterRequest): Promise<RegisterResponse> {
    const answer = await this.sendJson('POST', server, devicePaths.register, token, body);
    if (!isRegisterResponse.Check(answer)) throw unreadable(devicePaths.register);
    return answer;
  }

  /** Asks for tasks; `etag` is that of the answer before, so that nothing is sent twice. */
  async tasks(node: NodeAccess, etag: string | null): Promise<TasksAnswer> {
    const response = await this.send('GET', node.address, devicePaths.tasks, {
      authorization: `Bearer ${node.token}`,
      ...(etag === null ? {} : { 'if-none-match': etag }),
    });
    if (response.statusCode === 304) {
      await response.body.dump();
      return { changed: false };
    }
    await refuseError(response, devicePaths.tasks);
    const body: unknown = await response.body.json();
    if (!isTasksResponse.Check(body)) throw unreadable(devicePaths.tasks);
    const newEtag = response.headers.etag;
    return { changed: true, etag: typeof newEtag === 'string' ? newEtag : null, body };
  }

  /**
   * Downloads a package, checks size and sha256, and keeps nothing.
   * @returns number of bytes
   * @throws PackageIntegrityError when other bytes came than announced
   */
  async download(node: NodeAccess, digest: string, sizeBytes: number, sink?: ChunkSink): Promise<number> {
    const path = `${devicePaths.packages}/${digest}`;
    const response = await this.send('GET', node.address, path, { authorization: `Bearer ${node.token}` });
    await refuseError(response, path);
    const hash = createHash('sha256');
    let received = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      received += chunk.length;
      hash.update(chunk);
      sink?.(chunk);
    }
    if (received !== sizeBytes) {
      throw new PackageIntegrityError(`${received} bytes came, ${sizeBytes} were announced`);
    }
    const found = hash.digest('hex');
    if (found !== digest) throw new PackageIntegrityError(`sha256 is ${found}, ${digest} was announced`);
    return received;
  }

  async report(node: NodeAccess, reports: readonly Report[]): Promise<ReportsResponse> {
    const answer = await this.sendJson('POST', node.address, devicePaths.reports, node.token, { reports });
    if (!isReportsResponse.Check(answer)) throw unreadable(devicePaths.reports);
    return answer;
  }

  async updateProfile(node: NodeAccess, profile: RegisterRequest['profile']): Promise<void> {
    await this.sendJson('PUT', node.address, devicePaths.profile, node.token, { profile });
  }

  async close(): Promise<void> {
    await this.dispatcher.destroy();
  }

  private async sendJson(
    method: 'POST' | 'PUT',
    address: string,
    path: string,
    token: string,
    body: unknown,
  ): Promise<unknown> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await this.send(method, address, path, headers, JSON.stringify(body));
    await refuseError(response, path);
    const text = await response.body.text();
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }

  private send(
    method: 'GET' | 'POST' | 'PUT',
    address: string,
    path: string,
    headers: Record<string, string>,
    body?: string,
  ): Promise<Dispatcher.ResponseData> {
    return request(new URL(path, address), {
      method,
      headers,
      dispatcher: this.dispatcher,
      ...(body === undefined ? {} : { body }),
    });
  }
}

async function refuseError(response: Dispatcher.ResponseData, path: string): Promise<void> {
  if (response.statusCode < 300) return;
  const text = (await response.body.text()).slice(0, 500);
  const retryAfter = Number(response.headers['retry-after']);
  throw new DeviceRequestError(
    `${path} answered ${response.statusCode}: ${text}`,
    response.statusCode,
    Number.isFinite(retryAfter) ? retryAfter : null,
  );
}

function unreadable(path: string): Error {
  return new Error(`${path} answered something that the agent protocol does not know`);
}
