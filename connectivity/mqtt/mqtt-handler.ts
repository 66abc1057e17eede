import { writeFile } from 'node:fs/promises';
import { Value } from 'typebox/value';
import type { Static } from 'typebox';
import {
  PresenceSchema,
  readTopic,
  topicsOf,
  type AnswerEnvelope,
  type RequestKind,
} from '../../domain/agent-protocol/broker.js';
import type { PushNotice } from '../../domain/agent-protocol/messages.js';
import { LeonoreError } from '../../domain/errors.js';
import type { Endpoint } from '../../domain/gateway/endpoint.js';
import { limits } from '../../domain/limits.js';
import { readEnvironment } from '../../domain/read-environment.js';
import type { PushTarget } from '../../repositories/delivery/delivery-repository.js';
import { tlsFilesOf } from '../../serving/tls.js';
import type { GatewayHandler, HandlerContext, Protocol, ProtocolOptions } from '../gateway-handler.js';
import { answerRequest, readRequest } from './answer-request.js';
import type { BrokerLink } from './broker-link.js';
import { MqttConfigSchema } from './config.js';
import { embeddedBroker } from './embedded-broker.js';
import { externalBroker } from './external-broker.js';
import { mosquittoAcl } from './mosquitto-acl.js';

/** The agent protocol over MQTT 3.1.1, by push: by a broker in each node, or by another one. */
export const mqtt: Protocol = { name: 'mqtt', open: (options) => new MqttHandler(options) };

/** Requests that are answered at once; others are told to come again. */
const mostInHand = 1_000;
const retryAfterSeconds = 2;

/** The handler for gateways that speak MQTT. */
class MqttHandler implements GatewayHandler {
  readonly protocol = mqtt.name;
  readonly pushAddresses = null;
  private readonly config: Static<typeof MqttConfigSchema>;
  private context: HandlerContext | null = null;
  private link: BrokerLink | null = null;
  private prefix = '';
  private readonly inHand = new Set<Promise<void>>();
  /** Gateways that are connected, as far as they have said. */
  private readonly here = new Set<string>();
  /** Gateways whose notice is kept by the broker until they have asked. */
  private readonly noticed = new Set<string>();

  constructor({ environment }: ProtocolOptions) {
    this.config = readEnvironment(MqttConfigSchema, environment);
    if (this.config.LEONORE_MQTT_BROKER !== undefined && this.config.LEONORE_MQTT_PORT !== undefined)
      throw new LeonoreError(
        'MALFORMED_INPUT',
        'configuration: LEONORE_MQTT_PORT and LEONORE_MQTT_BROKER exclude each other',
      );
  }

  async start(context: HandlerContext): Promise<readonly Endpoint[]> {
    this.context = context;
    this.prefix = `leonore/v1/${context.nodeId}`;
    const { LEONORE_MQTT_ACL_FILE: aclFile, LEONORE_MQTT_BROKER: broker } = this.config;
    if (aclFile !== undefined) {
      const user = broker === undefined ? '' : decodeURIComponent(new URL(broker).username);
      await writeFile(aclFile, mosquittoAcl(user === '' ? null : user));
    }
    this.link = await this.open(context);
    if (this.link === null) return [];
    const base = this.config.LEONORE_MQTT_ADDRESS ?? this.link.address;
    return [
      {
        protocol: this.protocol,
        transport: 'tcp',
        address: `${base}/${this.prefix}`,
        strategies: ['push'],
        pushScheme: null,
        tls: base.startsWith('mqtts:') ? (this.link.tls === 'none' ? 'server' : this.link.tls) : 'none',
      },
    ];
  }

  /** The notice is kept for a gateway that is away, which gets it on its return; it has taken it when it is there. */
  async notify({ gatewayId }: PushTarget): Promise<boolean> {
    if (this.link === null) return false;
    this.noticed.add(gatewayId);
    const notice: PushNotice = { reason: 'task' };
    const { notices } = topicsOf(this.prefix, gatewayId);
    const isKept = await this.link.publish(notices, JSON.stringify(notice), { retain: true });
    return isKept && this.here.has(gatewayId);
  }

  async close(): Promise<void> {
    await Promise.all(this.inHand);
    await this.link?.close();
  }

  private async open({ service, logger, nodeId }: HandlerContext): Promise<BrokerLink | null> {
    const { config, prefix } = this;
    const onMessage = (topic: string, payload: Buffer): void => this.take(topic, payload);
    if (config.LEONORE_MQTT_BROKER !== undefined)
      return externalBroker({ url: config.LEONORE_MQTT_BROKER, nodeId, prefix, onMessage, logger });
    if (config.LEONORE_MQTT_PORT === undefined) return null;
    return embeddedBroker({
      host: config.LEONORE_HOST,
      port: config.LEONORE_MQTT_PORT,
      tls: tlsFilesOf(config),
      mostConnections: config.LEONORE_MQTT_CONNECTIONS,
      prefix,
      admit: (token) => service.admitted(token),
      onMessage,
      logger,
    });
  }

  /** What cannot be a request has nobody to be answered to, and is dropped. */
  private take(topic: string, payload: Buffer): void {
    const told = readTopic(this.prefix, topic);
    if (told === null || this.context === null || payload.length > limits.deviceBodyBytes) return;
    const { logger } = this.context;
    const { gatewayId, kind } = told;
    const taking =
      kind === 'presence' ? this.present(gatewayId, payload) : this.answer({ gatewayId, kind }, payload);
    const work = taking
      .catch((error: unknown) => logger.warn({ err: error, gatewayId }, 'a message over MQTT'))
      .finally(() => this.inHand.delete(work));
    this.inHand.add(work);
  }

  private async answer(
    { gatewayId, kind }: { readonly gatewayId: string; readonly kind: RequestKind },
    payload: Buffer,
  ): Promise<void> {
    const { context } = this;
    const request = readRequest(payload);
    if (request === null || context === null) return;
    const answer: AnswerEnvelope =
      this.inHand.size >= mostInHand
        ? tooMany(request.id)
        : await answerRequest(context.service, { gatewayId, kind }, request, (error) =>
            context.logger.error({ err: error, gatewayId }, 'unexpected failure'),
          );
    if (answer.status < 400) this.here.add(gatewayId);
    const { answers, notices } = topicsOf(this.prefix, gatewayId);
    await this.link?.publish(answers, JSON.stringify(answer), { retain: false });
    if (kind === 'tasks' && answer.status < 400 && this.noticed.delete(gatewayId))
      await this.link?.publish(notices, '', { retain: true });
  }

  private async present(gatewayId: string, payload: Buffer): Promise<void> {
    const value: unknown = JSON.parse(payload.toString('utf8'));
    if (!Value.Check(PresenceSchema, value)) return;
    await this.context?.service.present(value.token, gatewayId, value.present);
    if (value.present) this.here.add(gatewayId);
    else this.here.delete(gatewayId);
  }
}

function tooMany(id: string): AnswerEnvelope {
  const problem = {
    code: 'TOO_MANY_REQUESTS',
    detail: `${mostInHand} requests are in hand`,
    retryAfterSeconds,
  };
  return { id, status: 429, dateMs: Date.now(), problem };
}
