/**
 * Tasks, reports and profiles over MQTT 3.1.1, by the broker of the gateway's node (domain/agent-protocol/broker.ts).
 *
 * INVARIANTS
 *  - There is one connection at a time, of the session that was asked with last.
 *  - A request has one answer or a DeviceError within its time; requests of a connection that is lost are lost with it.
 *  - A connection that is lost wakes the agent after a pause that grows: whoever reconnects is NodeConnection, with its pauses.
 */
import { randomBytes } from 'node:crypto';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import {
  AnswerEnvelopeSchema,
  topicsOf,
  type AnswerEnvelope,
  type RequestEnvelope,
  type RequestKind,
} from '../../../domain/agent-protocol/broker.js';
import {
  PushNoticeSchema,
  ReportsResponseSchema,
  TasksResponseSchema,
  type PushNotice,
} from '../../../domain/agent-protocol/messages.js';
import { withinTime } from '../../../process/within-time.js';
import { messageOf } from '../../state/system-error.js';
import { Backoff } from '../backoff.js';
import type { DeviceSession, NodeChannel } from '../connectivity.js';
import { DeviceError, failureOfStatus } from '../device-error.js';
import type { ConnectivityOptions } from '../registry.js';

/** An answer of a node is 1 MiB at most, as over HTTP. */
const answerBytes = 1024 * 1024;
/** A connection that held so long was a good one. */
const goodAfterMs = 60_000;
const keepAliveSeconds = 60;
/** A broker that is left has so long to take what is on its way. */
const goodbyeMs = 2_000;
/** CONNACK: neither user nor password; not authorised (MQTT 3.1.1, table 3.1). */
const refusals: Readonly<Record<number, 'unauthenticated' | 'wrongNode'>> = {
  4: 'unauthenticated',
  5: 'wrongNode',
};

/** A channel over MQTT; it connects when it is first asked. */
export function mqttChannel(options: ConnectivityOptions): NodeChannel {
  const channel = new Channel(options, randomBytes(8).toString('hex'));
  return {
    protocol: 'mqtt',
    onNotice: (listener) => channel.onNotice(listener),
    async pollTasks(session, etag, signal) {
      const { status, version, dateMs, body } = await channel.ask(session, 'tasks', signal, {
        ...(etag === undefined ? {} : { version: etag }),
      });
      if (status === 304) return { changed: false, etag, dateMs };
      return { changed: true, etag: version, dateMs, response: checked(TasksResponseSchema, body) };
    },
    async sendReports(session, reports, signal) {
      const { body } = await channel.ask(session, 'reports', signal, { body: { reports } });
      return checked(ReportsResponseSchema, body);
    },
    async sendProfile(session, profile, signal) {
      await channel.ask(session, 'profile', signal, { body: { profile } });
    },
    close: () => channel.close(),
  };
}

interface Waiting {
  /** Whose connection the answer comes by. */
  readonly client: MqttClient;
  resolve(answer: AnswerEnvelope): void;
  reject(error: unknown): void;
}

/** One connection to a broker. */
interface Connection {
  readonly session: DeviceSession;
  readonly client: MqttClient;
  readonly topics: ReturnType<typeof topicsOf>;
}

class Channel {
  readonly #waiting = new Map<string, Waiting>();
  readonly #backoff: Backoff;
  #listener: (notice: PushNotice | null) => void = () => undefined;
  #connection: Promise<Connection> | null = null;
  #session: DeviceSession | null = null;
  #waking: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(
    private readonly options: ConnectivityOptions,
    private readonly run: string,
  ) {
    this.#backoff = new Backoff({ firstMs: options.firstRetryMs, mostMs: options.mostRetryMs });
  }

  onNotice(listener: (notice: PushNotice | null) => void): void {
    this.#listener = listener;
  }

  /** @throws DeviceError; an AbortError */
  async ask(
    session: DeviceSession,
    kind: RequestKind,
    signal: AbortSignal,
    content: Pick<RequestEnvelope, 'version' | 'body'>,
  ): Promise<AnswerEnvelope> {
    const { client, topics } = await this.#connected(session);
    signal.throwIfAborted();
    if (!client.connected) throw new DeviceError('unreachable', 'The connection to the broker is lost.');
    const id = randomBytes(8).toString('hex');
    const request: RequestEnvelope = { id, token: session.token, run: this.run, ...content };
    const asking = (limit: AbortSignal): Promise<AnswerEnvelope> =>
      new Promise((resolve, reject) => {
        this.#waiting.set(id, { client, resolve, reject });
        limit.addEventListener('abort', () => {
          reject(
            signal.aborted ? abortError(signal) : new DeviceError('unreachable', 'The node does not answer.'),
          );
        });
        client.publish(topics.request(kind), JSON.stringify(request), { qos: 1 }, (error) => {
          if (error != null) reject(new DeviceError('unreachable', messageOf(error)));
        });
      });
    const answer = await withinTime(this.options.timeoutMs, signal, asking).finally(() =>
      this.#waiting.delete(id),
    );
    if (answer.status < 400) return answer;
    const { code, detail, retryAfterSeconds = 0 } = answer.problem ?? { code: undefined, detail: '' };
    throw new DeviceError(
      failureOfStatus(answer.status),
      `${answer.status} ${detail.slice(0, 500)}`,
      retryAfterSeconds * 1_000,
      code,
    );
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#waking);
    await this.#leave();
  }

  #connected(session: DeviceSession): Promise<Connection> {
    const isOther =
      this.#session?.token !== session.token || this.#session.endpoint?.address !== session.endpoint?.address;
    if (this.#connection !== null && !isOther) return this.#connection;
    const before = this.#leave();
    this.#session = session;
    const connecting = before.then(() => this.#connect(session));
    this.#connection = connecting;
    connecting.then(
      (connection) => this.#follow(connection, connecting),
      () => {
        if (this.#connection === connecting) this.#connection = null;
      },
    );
    return connecting;
  }

  async #connect(session: DeviceSession): Promise<Connection> {
    const { address = '' } = session.endpoint ?? {};
    const { gatewayId, tls, timeoutMs } = this.options;
    if (!URL.canParse(address)) throw new DeviceError('malformed', 'The endpoint has no address.');
    const url = new URL(address);
    const topics = topicsOf(url.pathname.slice(1), gatewayId);
    if (tls.authorities.pem !== undefined && url.protocol !== 'mqtts:')
      throw new DeviceError('unreachable', `${url.host} does not speak TLS.`);
    const presence = (present: boolean) => JSON.stringify({ token: session.token, present });
    const options: IClientOptions = {
      clientId: gatewayId,
      username: gatewayId,
      password: session.token,
      clean: true,
      keepalive: keepAliveSeconds,
      reconnectPeriod: 0,
      connectTimeout: timeoutMs,
      ...(tls.authorities.pem === undefined ? {} : { ca: tls.authorities.pem }),
      ...tls.client,
      will: { topic: topics.presence, payload: Buffer.from(presence(false)), qos: 1, retain: false },
    };
    const client = connect(`${url.protocol}//${url.host}`, options);
    client.on('message', (topic, payload) => this.#take(topics, topic, payload));
    try {
      await established(client, timeoutMs, async () => {
        await client.subscribeAsync([topics.answers, topics.notices], { qos: 1 });
        await client.publishAsync(topics.presence, presence(true), { qos: 1 });
      });
    } catch (error) {
      client.end(true);
      throw error instanceof DeviceError ? error : new DeviceError('unreachable', messageOf(error));
    }
    return { session, client, topics };
  }

  #take(topics: Connection['topics'], topic: string, payload: Buffer): void {
    if (payload.length === 0 || payload.length > answerBytes) return;
    const value = parsed(payload);
    if (topic === topics.notices && Value.Check(PushNoticeSchema, value)) this.#listener(value);
    else if (topic === topics.answers && Value.Check(AnswerEnvelopeSchema, value))
      this.#waiting.get(value.id)?.resolve(value);
  }

  /** Sees to it that the loss of a connection is noticed. One that was left before may end later than the next begins. */
  #follow({ client }: Connection, connection: Promise<Connection>): void {
    const sinceMs = performance.now();
    const lost = (): void => {
      for (const waiting of this.#waiting.values())
        if (waiting.client === client)
          waiting.reject(new DeviceError('unreachable', 'The connection to the broker is lost.'));
      if (this.#isClosed || this.#connection !== connection) return;
      this.#connection = null;
      if (performance.now() - sinceMs >= goodAfterMs) this.#backoff.reset();
      this.#waking = setTimeout(() => this.#listener(null), this.#backoff.next());
    };
    if (client.connected) client.once('close', lost);
    else lost();
  }

  /** Says that the gateway goes, so that it counts as away at once. */
  async #leave(): Promise<void> {
    const leaving = this.#connection;
    this.#connection = null;
    this.#session = null;
    if (leaving === null) return;
    try {
      const { client, topics, session } = await leaving;
      const goodbye = JSON.stringify({ token: session.token, present: false });
      if (!client.connected) return;
      const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
      client.publish(topics.presence, goodbye, { qos: 0 });
      // It waits for the broker, which may be gone without a word.
      const timer = setTimeout(() => client.stream.destroy(), goodbyeMs);
      await Promise.race([client.endAsync(), closed]).finally(() => clearTimeout(timer));
    } catch {
      // It never stood, or is gone: the last will says the same.
    }
  }
}

/**
 * Waits until the broker has taken the client, and what is to be told it first. The client's own promises stay open when the
 * connection ends before the broker has answered.
 * @throws DeviceError when the broker refuses the gateway, is not there, or does not answer in time
 */
async function established(client: MqttClient, timeoutMs: number, first: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve, reject) => {
    const unreachable = (): void => reject(new DeviceError('unreachable', 'The broker does not answer.'));
    timer = setTimeout(unreachable, timeoutMs);
    client.once('connect', () => void first().then(resolve, reject));
    // It stays for the errors that come later: whoever waits learns of them by the end of the connection.
    client.on('error', (error) => {
      const code = 'code' in error && typeof error.code === 'number' ? error.code : 0;
      reject(new DeviceError(refusals[code] ?? 'unreachable', messageOf(error)));
    });
    client.once('close', unreachable);
  }).finally(() => clearTimeout(timer));
}

function abortError(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('it was aborted');
}

function parsed(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch {
    return undefined;
  }
}

function checked<T extends TSchema>(schema: T, value: unknown): Static<T> {
  if (Value.Check(schema, value)) return value;
  throw new DeviceError('malformed', 'The answer has not the agreed shape.');
}
