/** Tasks, reports, profiles and packages over CoAP (domain/agent-protocol/coap.ts): in the clear, so the token goes in its plain form. */
import { randomBytes } from 'node:crypto';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { coapQuery } from '../../../domain/agent-protocol/coap.js';
import {
  devicePaths,
  ReportsResponseSchema,
  TasksResponseSchema,
  type PushNotice,
} from '../../../domain/agent-protocol/messages.js';
import { plainTokenOf } from '../../../trust/plain-token.js';
import { Backoff } from '../backoff.js';
import type { DeviceSession, NodeChannel } from '../connectivity.js';
import { DeviceError } from '../device-error.js';
import type { ConnectivityOptions } from '../registry.js';
import { CoapClient } from './coap-client.js';
import { download } from './download.js';
import { failureOf } from './failure.js';
import { NoticeListener } from './notice-listener.js';
import { transfer, type Received, type Transfer } from './transfer.js';

/** An answer of a node is 1 MiB at most, as over HTTP. */
const answerBytes = 1024 * 1024;

/** A channel over CoAP; its socket is opened when it is first asked. */
export async function coapChannel(options: ConnectivityOptions): Promise<NodeChannel> {
  let onNotice: (notice: PushNotice | null) => void = () => undefined;
  const listener =
    options.push === undefined
      ? null
      : await NoticeListener.listen(options.push, (notice) => onNotice(notice));
  const node = new NodeSocket(options);
  const run = randomBytes(8).toString('hex');
  const { firstRetryMs: firstMs, mostRetryMs: mostMs } = options;

  async function ask(
    session: DeviceSession,
    signal: AbortSignal,
    wanted: Omit<Transfer, 'query' | 'mostBytes'>,
    query: Readonly<Record<string, string>> = {},
  ): Promise<Received> {
    const client = await node.of(session);
    const whole = { ...wanted, query: { ...queryOf(session), ...query }, mostBytes: answerBytes };
    const received = await transfer(client, whole, signal);
    if (!received.code.startsWith('2.')) throw failureOf({ ...received, payload: received.body });
    return received;
  }

  return {
    protocol: 'coap',
    pushAddress: listener?.address,
    onNotice(told) {
      onNotice = told;
    },
    async pollTasks(session, etag, signal) {
      const known = etag === undefined ? {} : { etag: Buffer.from(etag, 'hex') };
      const wanted = { method: 'GET', path: devicePaths.tasks, ...known } as const;
      const answer = await ask(session, signal, wanted, { [coapQuery.run]: run });
      if (answer.code === '2.03') return { changed: false, etag, dateMs: undefined };
      const response = checked(TasksResponseSchema, answer.body);
      return { changed: true, etag: answer.etag?.toString('hex'), dateMs: undefined, response };
    },
    async sendReports(session, reports, signal) {
      const body = Buffer.from(JSON.stringify({ reports }));
      const answer = await ask(session, signal, { method: 'POST', path: devicePaths.reports, body });
      return checked(ReportsResponseSchema, answer.body);
    },
    async sendProfile(session, profile, signal) {
      const body = Buffer.from(JSON.stringify({ profile }));
      await ask(session, signal, { method: 'PUT', path: devicePaths.profile, body });
    },
    async download(session, wanted, sink, signal) {
      const client = await node.of(session);
      const backoff = new Backoff({ firstMs, mostMs });
      await download({ client, query: queryOf(session), wanted, sink, backoff, signal });
    },
    async close() {
      await listener?.close();
      await node.close();
    },
  };
}

function queryOf({ token }: DeviceSession): Readonly<Record<string, string>> {
  return { [coapQuery.token]: plainTokenOf(token) };
}

/** The socket to the node of the session that was asked with last. */
class NodeSocket {
  #address: string | undefined;
  #client: Promise<CoapClient> | undefined;

  constructor(private readonly options: Pick<ConnectivityOptions, 'tls' | 'timeoutMs'>) {}

  /** @throws DeviceError */
  async of({ endpoint }: DeviceSession): Promise<CoapClient> {
    const { tls, timeoutMs } = this.options;
    const { address = '' } = endpoint ?? {};
    // Whoever has pinned an authority speaks to nobody without TLS, which CoAP has not here.
    if (tls.authorities.pem !== undefined)
      throw new DeviceError('unreachable', `${address} does not speak TLS.`);
    if (this.#client !== undefined && this.#address === address) return this.#client;
    const before = this.#client;
    const opening = CoapClient.open(address, { timeoutMs });
    this.#address = address;
    this.#client = opening;
    opening.catch(() => {
      if (this.#client === opening) this.#client = undefined;
    });
    await closed(before);
    return opening;
  }

  async close(): Promise<void> {
    await closed(this.#client);
  }
}

async function closed(opening: Promise<CoapClient> | undefined): Promise<void> {
  const client = await opening?.catch(() => undefined);
  await client?.close();
}

function checked<T extends TSchema>(schema: T, body: Buffer): Static<T> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new DeviceError('malformed', 'The answer is not JSON.');
  }
  if (Value.Check(schema, value)) return value;
  throw new DeviceError('malformed', 'The answer has not the agreed shape.');
}
