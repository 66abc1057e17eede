/**
 * The device API over HTTP, as a gateway sees it. No disk, no timers, no state: the agent and the virtual gateways
 * of a test bed bring their own, and thousands can share one undici Dispatcher.
 */
import type { Dispatcher } from 'undici';
import { request } from 'undici';
import {
  devicePaths,
  RegisterResponseSchema,
  runHeader,
  ReportsResponseSchema,
  TasksResponseSchema,
  type RegisterRequest,
  type RegisterResponse,
  type Report,
  type ReportsResponse,
} from '../../../domain/agent-protocol/messages.js';
import type { GatewayProfile } from '../../../domain/gateway/profile.js';
import { metadataBytes } from '../../../domain/trust/metadata.js';
import { PackageStatementsSchema, type PackageStatements } from '../../../domain/trust/statement.js';
import { withinTime } from '../../../process/within-time.js';
import type { DeviceSession, RegistrationProof, TasksAnswer } from '../connectivity.js';
import { DeviceError } from '../device-error.js';
import { dropBody, failureOf, pendingOf, readAnswer, readBounded, transportFailure } from './response.js';

export interface DeviceClientOptions {
  /** Base URL of the API: where gateways register. */
  readonly registrationAddress: string;
  /** Connections; undici's own pool by default. */
  readonly dispatcher?: Dispatcher;
  /** Whether nobody is spoken to without TLS, wherever an answer sends the gateway. */
  readonly isTlsAlone?: () => boolean;
  /** For the headers of an answer, and for each pause within its body. */
  readonly timeoutMs?: number;
  readonly userAgent?: string;
  /** Names this run of the agent. */
  readonly run?: string;
}

const defaultTimeoutMs = 30_000;
/** For a whole answer: one that never ends, however slowly, is none. */
const wholeAnswerMs = 60_000;
/** A node says something each 25 s. */
const silentNoticesMs = 90_000;
/** A thousand artifacts with some variants each. */
const statementsBytes = 4 * 1024 * 1024;

/** Every method throws a DeviceError, or an AbortError when its signal is aborted. */
export class DeviceClient {
  readonly #options: DeviceClientOptions;

  constructor(options: DeviceClientOptions) {
    this.#options = options;
  }

  /**
   * Registers the gateway. One that a person has to approve first is `unavailable` until then.
   *
   * @param by what proves it
   */
  async register(
    request: RegisterRequest,
    by: RegistrationProof,
    signal?: AbortSignal,
  ): Promise<RegisterResponse> {
    const body = JSON.stringify(request);
    const response = await this.send(this.#options.registrationAddress, devicePaths.register, {
      method: 'POST',
      token: by.token,
      headers: (await by.key?.prove(body)) ?? {},
      body,
      signal,
    });
    if (response.statusCode === 202) throw await pendingOf(response, signal);
    return readAnswer(await success(response), RegisterResponseSchema, signal);
  }

  /**
   * Asks for tasks.
   *
   * @param etag of the answer before: nothing is sent when nothing changed
   */
  async pollTasks(session: DeviceSession, etag?: string, signal?: AbortSignal): Promise<TasksAnswer> {
    const response = await this.send(session.nodeAddress, devicePaths.tasks, {
      token: session.token,
      headers: { ...this.#run, ...(etag === undefined ? {} : { 'if-none-match': etag }) },
      signal,
    });
    const dateMs = dateOf(response);
    if (response.statusCode === 304) {
      await dropBody(response, signal);
      return { changed: false, etag, dateMs };
    }
    const answer = await readAnswer(await success(response), TasksResponseSchema, signal);
    const newEtag = response.headers['etag'];
    return {
      changed: true,
      etag: typeof newEtag === 'string' ? newEtag : undefined,
      dateMs,
      response: answer,
    };
  }

  /** Sends reports, at most `limits.reports`; all that the answer names are done with. */
  async sendReports(
    session: DeviceSession,
    reports: readonly Report[],
    signal?: AbortSignal,
  ): Promise<ReportsResponse> {
    const response = await this.send(session.nodeAddress, devicePaths.reports, {
      method: 'POST',
      token: session.token,
      body: JSON.stringify({ reports }),
      signal,
    });
    return readAnswer(await success(response), ReportsResponseSchema, signal);
  }

  async sendProfile(session: DeviceSession, profile: GatewayProfile, signal?: AbortSignal): Promise<void> {
    const response = await this.send(session.nodeAddress, devicePaths.profile, {
      method: 'PUT',
      token: session.token,
      body: JSON.stringify({ profile }),
      signal,
    });
    await dropBody(await success(response), signal);
  }

  /**
   * Opens the body of a package; the answer may be 200, 206 or 416, see download.ts.
   *
   * @param offset bytes that are there already; asked for with If-Range, so that they are of the same archive
   */
  async openPackage(
    session: DeviceSession,
    digest: string,
    offset: number,
    signal?: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const response = await this.send(session.nodeAddress, `${devicePaths.packages}/${digest}`, {
      token: session.token,
      headers: offset === 0 ? {} : { range: `bytes=${offset}-`, 'if-range': `"${digest}"` },
      signal,
    });
    return response.statusCode === 416 ? response : success(response);
  }

  /** Opens the stream of notices; it ends when the node ends it, or has been silent for too long. */
  async openNotices(session: DeviceSession, signal?: AbortSignal): Promise<Dispatcher.ResponseData['body']> {
    const response = await this.send(session.nodeAddress, devicePaths.notices, {
      token: session.token,
      headers: { accept: 'text/event-stream' },
      signal,
      bodyTimeoutMs: silentNoticesMs,
    });
    return (await success(response)).body;
  }

  /** A file of trust metadata, not believed yet; null when there is none of that name. */
  async fetchMetadata(session: DeviceSession, name: string, signal?: AbortSignal): Promise<string | null> {
    return withinTime(wholeAnswerMs, signal, async (whole) => {
      const response = await this.send(session.nodeAddress, `${devicePaths.trust}/${name}`, {
        token: session.token,
        signal: whole,
      });
      if (response.statusCode === 404) {
        await dropBody(response, whole);
        return null;
      }
      return readBounded(await success(response), metadataBytes, whole);
    });
  }

  /** What was signed of a package's artifacts, not believed yet. */
  async fetchStatements(
    session: DeviceSession,
    digest: string,
    signal?: AbortSignal,
  ): Promise<PackageStatements> {
    return withinTime(wholeAnswerMs, signal, async (whole) => {
      const path = `${devicePaths.packages}/${digest}${devicePaths.statements}`;
      const response = await this.send(session.nodeAddress, path, { token: session.token, signal: whole });
      return readAnswer(await success(response), PackageStatementsSchema, whole, statementsBytes);
    });
  }

  get #run(): Record<string, string> {
    const { run } = this.#options;
    return run === undefined ? {} : { [runHeader]: run };
  }

  private async send(base: string, path: string, options: RequestOptions): Promise<Dispatcher.ResponseData> {
    const { dispatcher, timeoutMs = defaultTimeoutMs, userAgent = 'leonore-agent' } = this.#options;
    const { body } = options;
    const url = new URL(base.replace(/\/+$/, '') + path);
    if (url.protocol !== 'https:' && this.#options.isTlsAlone?.() === true)
      throw new DeviceError('unreachable', `${url.origin} does not speak TLS.`);
    try {
      return await request(url, {
        method: options.method ?? 'GET',
        headers: {
          ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
          'user-agent': userAgent,
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...options.headers,
        },
        body: body ?? null,
        headersTimeout: timeoutMs,
        bodyTimeout: options.bodyTimeoutMs ?? timeoutMs,
        signal: options.signal ?? null,
        ...(dispatcher === undefined ? {} : { dispatcher }),
      });
    } catch (error) {
      throw transportFailure(error, options.signal);
    }
  }
}

interface RequestOptions {
  readonly method?: 'POST' | 'PUT';
  readonly token: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly bodyTimeoutMs?: number;
  readonly signal: AbortSignal | undefined;
}

function dateOf({ headers }: Dispatcher.ResponseData): number | undefined {
  const ms = Date.parse(String(headers['date']));
  return Number.isNaN(ms) ? undefined : ms;
}

async function success(response: Dispatcher.ResponseData): Promise<Dispatcher.ResponseData> {
  if (response.statusCode >= 200 && response.statusCode < 300) return response;
  throw await failureOf(response);
}
