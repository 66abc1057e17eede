/**
 * The device API over HTTP, as a gateway sees it. No disk, no timers, no state: the agent and the virtual gateways
 * of a test bed bring their own, and thousands can share one undici Dispatcher.
 */
import type { Dispatcher } from 'undici';
import { request } from 'undici';
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
} from '../../../domain/agent-protocol/messages.js';
import type { GatewayProfile } from '../../../domain/gateway/profile.js';
import type { GatewayKey } from '../../state/gateway-key.js';
import { metadataBytes } from '../../../domain/trust/metadata.js';
import { PackageStatementsSchema, type PackageStatements } from '../../../domain/trust/statement.js';
import { dropBody, failureOf, pendingOf, readAnswer, readBounded, transportFailure } from './response.js';

export interface DeviceClientOptions {
  /** Base URL of the API: where gateways register. */
  readonly registrationAddress: string;
  /** Connections; undici's own pool by default. */
  readonly dispatcher?: Dispatcher;
  /** For the headers of an answer, and for each pause within its body. */
  readonly timeoutMs?: number;
  readonly userAgent?: string;
}

/** What a gateway needs to talk to its node. */
export interface DeviceSession {
  readonly nodeAddress: string;
  readonly token: string;
}

/** What a gateway proves itself by when it registers. */
export interface RegistrationProof {
  /** Its own token, or what it enrols with. */
  readonly token: string | undefined;
  readonly key: Pick<GatewayKey, 'prove'> | undefined;
}

export type TasksAnswer =
  | { readonly changed: false; readonly etag: string | undefined }
  | { readonly changed: true; readonly etag: string | undefined; readonly response: TasksResponse };

const defaultTimeoutMs = 30_000;
/** For a whole answer: one that never ends, however slowly, is none. */
const wholeAnswerMs = 60_000;
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
      headers: etag === undefined ? {} : { 'if-none-match': etag },
      signal,
    });
    if (response.statusCode === 304) {
      await dropBody(response, signal);
      return { changed: false, etag };
    }
    const answer = await readAnswer(await success(response), TasksResponseSchema, signal);
    const newEtag = response.headers['etag'];
    return { changed: true, etag: typeof newEtag === 'string' ? newEtag : undefined, response: answer };
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

  /** A file of trust metadata, not believed yet; null when there is none of that name. */
  async fetchMetadata(session: DeviceSession, name: string, signal?: AbortSignal): Promise<string | null> {
    const whole = withinTime(signal);
    const response = await this.send(session.nodeAddress, `${devicePaths.trust}/${name}`, {
      token: session.token,
      signal: whole,
    });
    if (response.statusCode === 404) {
      await dropBody(response, whole);
      return null;
    }
    return readBounded(await success(response), metadataBytes, whole);
  }

  /** What was signed of a package's artifacts, not believed yet. */
  async fetchStatements(
    session: DeviceSession,
    digest: string,
    signal?: AbortSignal,
  ): Promise<PackageStatements> {
    const whole = withinTime(signal);
    const response = await this.send(
      session.nodeAddress,
      `${devicePaths.packages}/${digest}${devicePaths.statements}`,
      { token: session.token, signal: whole },
    );
    return readAnswer(await success(response), PackageStatementsSchema, whole, statementsBytes);
  }

  private async send(base: string, path: string, options: RequestOptions): Promise<Dispatcher.ResponseData> {
    const { dispatcher, timeoutMs = defaultTimeoutMs, userAgent = 'leonore-agent' } = this.#options;
    const { body } = options;
    try {
      return await request(new URL(base.replace(/\/+$/, '') + path), {
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
        bodyTimeout: timeoutMs,
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
  readonly signal: AbortSignal | undefined;
}

function withinTime(signal: AbortSignal | undefined): AbortSignal {
  const whole = AbortSignal.timeout(wholeAnswerMs);
  return signal === undefined ? whole : AbortSignal.any([signal, whole]);
}

async function success(response: Dispatcher.ResponseData): Promise<Dispatcher.ResponseData> {
  if (response.statusCode >= 200 && response.statusCode < 300) return response;
  throw await failureOf(response);
}
