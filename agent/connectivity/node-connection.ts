/**
 * Keeps a gateway connected to whichever node is responsible for it.
 *
 * INVARIANTS
 *  - There is one registration at a time; whoever needs one meanwhile waits for it.
 *  - A channel that is lost is left for the next that the node told; when none of them answers, the gateway asks at the
 *    registration address.
 *  - A failure is answered by what it means (device-error.ts): wait, register again, or give up. It is never
 *    repeated without a pause that grows.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  RegisterRequest,
  RegisterResponse,
  ToldEndpoint,
} from '../../domain/agent-protocol/messages.js';
import type { GatewayKey } from '../state/gateway-key.js';
import type { Log } from '../state/bounded-log.js';
import { Backoff } from './backoff.js';
import { ChannelList } from './channel-list.js';
import type { Connectivity, DeviceSession } from './connectivity.js';
import { DeviceError } from './device-error.js';

export interface Credentials {
  readonly token: string | undefined;
  readonly nodeAddress: string | undefined;
  readonly endpoints: readonly ToldEndpoint[] | undefined;
  /** LEONORE knows the gateway by its key. */
  readonly enrolled: boolean;
}

export interface NodeConnectionOptions {
  readonly connectivity: Pick<Connectivity, 'protocols' | 'register'>;
  /** Needed until the gateway is known by its key. */
  readonly enrolmentToken: string | undefined;
  /** Known from an earlier run. */
  readonly credentials: Credentials;
  /** The gateway's key; undefined while it cannot be kept, and then the gateway proves itself without one. */
  readonly key: () => Promise<GatewayKey | undefined>;
  readonly request: () => Promise<RegisterRequest>;
  /** Called after each registration, before anything is done with it: makes it last. */
  readonly onRegistered: (response: RegisterResponse, token: string, enrolled: boolean) => Promise<void>;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly firstRetryMs: number;
  readonly mostRetryMs: number;
}

/** Failures in a row to reach the node after which the gateway asks at the registration address again. */
const unreachableBeforeReturn = 3;

export class NodeConnection {
  #token: string | undefined;
  #nodeAddress: string | undefined;
  readonly #channels: ChannelList;
  /** By its key alone, when it has no token: with the enrolment token otherwise. */
  #byKeyAlone: boolean;
  #registration: Promise<void> | null = null;
  #unreachable = 0;

  constructor(private readonly options: NodeConnectionOptions) {
    this.#token = options.credentials.token;
    this.#nodeAddress = options.credentials.nodeAddress;
    this.#channels = new ChannelList(options.connectivity.protocols, options.credentials.endpoints);
    this.#byKeyAlone = options.credentials.enrolled || options.enrolmentToken === undefined;
  }

  /** How the gateway hears of tasks on the channel that it uses now; undefined when it was told none. */
  get strategy(): string | undefined {
    return this.#channels.current(performance.now())?.strategy;
  }

  /**
   * Registers, trying for as long as it takes.
   *
   * @param attempts after which it is left for now
   */
  async register(attempts = Number.POSITIVE_INFINITY): Promise<void> {
    this.#registration ??= this.#tryToRegister(attempts).finally(() => {
      this.#registration = null;
    });
    return this.#registration;
  }

  /**
   * Does something with the node, for as long as it takes: waits while it is unavailable, finds the right node,
   * and renews the token.
   *
   * @param rounds attempts before it is given up; the pauses and registrations between them are not counted
   * @throws DeviceError `refused`, or the last one when all rounds are used; whatever else the action throws
   */
  async call<T>(
    action: (session: DeviceSession) => Promise<T>,
    rounds = Number.POSITIVE_INFINITY,
  ): Promise<T> {
    const backoff = this.#backoff();
    for (let round = 1; ; round += 1) {
      this.options.signal.throwIfAborted();
      const session = await this.#session();
      try {
        const result = await action(session);
        this.#unreachable = 0;
        return result;
      } catch (error) {
        this.options.signal.throwIfAborted();
        if (!(error instanceof DeviceError) || error.failure === 'refused' || round >= rounds) throw error;
        this.options.log('warn', 'node does not serve', { failure: error.failure, problem: error.message });
        const again = this.#afterFailure(error, session);
        const waitMs = backoff.next(error.retryAfterMs);
        await sleep(waitMs, undefined, { signal: this.options.signal });
        // While neither answers, each is asked in turn: whichever comes back first is found.
        if (again) await this.register(error.failure === 'unreachable' ? 1 : Number.POSITIVE_INFINITY);
      }
    }
  }

  /** True when the gateway has to register again. */
  #afterFailure(error: DeviceError, session: DeviceSession): boolean {
    switch (error.failure) {
      case 'unauthenticated':
        // Somebody else may have renewed it meanwhile.
        if (this.#token === session.token) this.#token = undefined;
        return this.#token === undefined;
      case 'wrongNode':
        return this.#nodeAddress === session.nodeAddress;
      case 'unreachable':
        this.#unreachable += 1;
        this.#channels.lost(session.endpoint, performance.now());
        return this.#unreachable >= Math.max(unreachableBeforeReturn, this.#channels.length);
      case 'unavailable':
      case 'malformed':
      case 'refused':
        return false;
    }
  }

  async #session(): Promise<DeviceSession> {
    if (this.#token === undefined || this.#nodeAddress === undefined) await this.register();
    const token = this.#token;
    const nodeAddress = this.#nodeAddress;
    if (token === undefined || nodeAddress === undefined) {
      throw new DeviceError('malformed', 'The registration brought neither token nor node.');
    }
    return { token, nodeAddress, endpoint: this.#channels.current(performance.now()) };
  }

  async #tryToRegister(attempts: number): Promise<void> {
    const { log, signal } = this.options;
    const backoff = this.#backoff();
    // Each of what a refusal can be answered with at once is tried once.
    let counted = false;
    for (let attempt = 1; ; attempt += 1) {
      signal.throwIfAborted();
      const key = await this.options.key();
      try {
        await this.#registerOnce(key);
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof DeviceError)) throw error;
        log('warn', 'registration failed', { failure: error.failure, problem: error.message });
        if (error.lastCounter !== undefined && !counted) {
          counted = true;
          key?.continueFrom(error.lastCounter);
          continue;
        }
        if (error.failure === 'unauthenticated' && this.#hasOtherProof()) continue;
        if (attempt >= attempts) return;
        await sleep(backoff.next(error.retryAfterMs), undefined, { signal });
      }
    }
  }

  async #registerOnce(key: GatewayKey | undefined): Promise<void> {
    const { connectivity, enrolmentToken, log, signal } = this.options;
    // With its own token the gateway keeps it; its key alone brings a new one.
    const token = this.#token ?? (this.#byKeyAlone ? undefined : enrolmentToken);
    const response = await connectivity.register(await this.options.request(), { token, key }, signal);
    const own = response.token ?? this.#token;
    if (own === undefined) throw new DeviceError('malformed', 'The registration brought no token.');
    const isEnrolled = key !== undefined && response.key === key.text;
    await this.options.onRegistered(response, own, isEnrolled);
    this.#token = own;
    this.#nodeAddress = response.node.address;
    this.#channels.replace(response.endpoints ?? []);
    this.#byKeyAlone = isEnrolled || enrolmentToken === undefined;
    this.#unreachable = 0;
    log('info', 'registered', { node: response.node.id, strategy: response.strategy });
  }

  /** What was not accepted is given up for what is left: the token for the key, the key for the enrolment token. */
  #hasOtherProof(): boolean {
    const hadToken = this.#token !== undefined;
    this.#token = undefined;
    if (hadToken) return true;
    if (!this.#byKeyAlone || this.options.enrolmentToken === undefined) return false;
    this.#byKeyAlone = false;
    return true;
  }

  #backoff(): Backoff {
    return new Backoff({ firstMs: this.options.firstRetryMs, mostMs: this.options.mostRetryMs });
  }
}
