/** A broker that somebody else runs: Mosquitto, or any other that speaks MQTT 3.1.1 and keeps retained messages. */
import { connect } from 'mqtt';
import type { Logger } from 'pino';
import { nodeTopics } from '../../domain/agent-protocol/broker.js';
import type { BrokerLink, OnMessage } from './broker-link.js';

export interface ExternalBrokerOptions {
  /** URL, with user and password where the broker wants them of LEONORE. */
  readonly url: string;
  readonly nodeId: string;
  readonly prefix: string;
  readonly onMessage: OnMessage;
  readonly logger: Logger;
}

/** Between two attempts to reach a broker that is away. */
const reconnectMs = 2_000;

/** Connects in the background: a node serves its other channels while the broker is away. */
export function externalBroker({
  url,
  nodeId,
  prefix,
  onMessage,
  logger,
}: ExternalBrokerOptions): BrokerLink {
  const { protocol, host } = new URL(url);
  const client = connect(url, {
    clientId: `leonore-${nodeId}`,
    clean: true,
    // Nodes that lost their broker at one moment come back at different ones.
    reconnectPeriod: reconnectMs * (0.5 + Math.random()),
    // What could not be sent is not kept: gateways ask again, and are notified again.
    queueQoSZero: false,
    resubscribe: false,
  });
  client.on('connect', () => {
    client.subscribe(nodeTopics(prefix), { qos: 1 }, (error) => {
      if (error != null)
        logger.error({ err: error }, 'the broker does not let the node listen to its gateways');
    });
  });
  client.on('message', onMessage);
  client.on('error', (error) => logger.warn({ err: error }, 'the broker'));
  client.on('offline', () => logger.warn({ broker: host }, 'the broker is away'));
  return {
    address: `${protocol}//${host}`,
    tls: protocol === 'mqtts:' ? 'server' : 'none',
    async publish(topic, payload, { retain }) {
      if (!client.connected) return false;
      try {
        await client.publishAsync(topic, payload, { qos: 1, retain });
        return true;
      } catch (error) {
        logger.warn({ err: error }, 'the broker did not take a message');
        return false;
      }
    },
    close: () => client.endAsync(true),
  };
}
