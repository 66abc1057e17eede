/**
 * A broker that somebody else runs: Mosquitto, or any other that speaks MQTT 3.1.1 and keeps retained messages.
 *
 * INVARIANTS
 * - While it is away nothing is kept for it: gateways ask again, and are notified again.
 * - What is on its way is taken, or is not, within seconds; when the connection is lost it is not.
 */
import { connect, type MqttClient } from 'mqtt';
import type { Logger } from 'pino';
import { nodeTopics } from '../../domain/agent-protocol/broker.js';
import type { BrokerLink, OnMessage } from './broker-link.js';
import { reconnectPauseMs, reconnectPauses, type ReconnectPauses } from './reconnect-pauses.js';

export interface ExternalBrokerOptions {
  /** URL, with user and password where the broker wants them of LEONORE. */
  readonly url: string;
  readonly nodeId: string;
  readonly prefix: string;
  readonly onMessage: OnMessage;
  readonly logger: Logger;
  readonly pauses?: ReconnectPauses;
}

/** For the acknowledgement of a message. */
const acknowledgedWithinMs = 5_000;
/** Messages on their way at once; MQTT has 65,535 numbers for them. */
const mostOnTheWay = 10_000;

/** Connects in the background: a node serves its other channels while the broker is away. */
export function externalBroker(options: ExternalBrokerOptions): BrokerLink {
  const { url, nodeId, prefix, onMessage, logger, pauses = reconnectPauses } = options;
  const { protocol, host } = new URL(url);
  /** What is to be told that it was not taken. */
  const onTheWay = new Set<() => void>();
  let attempts = 0;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  let client = open();

  /** One connection: another one is made from nothing, so that nothing of the one before is sent by it. */
  function open(): MqttClient {
    const opened = connect(url, {
      ...{ clientId: `leonore-${nodeId}`, clean: true, reconnectPeriod: 0, queueQoSZero: false },
    });
    opened.on('connect', () => {
      attempts = 0;
      opened.subscribe(nodeTopics(prefix), { qos: 1 }, (error) => {
        if (error != null)
          logger.error({ err: error }, 'the broker does not let the node listen to its gateways');
      });
    });
    opened.on('message', onMessage);
    opened.on('error', (error) => logger.warn({ err: error }, 'the broker'));
    opened.once('close', () => {
      for (const lose of onTheWay) lose();
      if (isClosed) return;
      if (attempts === 0) logger.warn({ broker: host }, 'the broker is away');
      opened.end(true);
      timer = setTimeout(() => (client = open()), reconnectPauseMs(pauses, attempts, Math.random()));
      attempts += 1;
    });
    return opened;
  }

  return {
    address: `${protocol}//${host}`,
    tls: protocol === 'mqtts:' ? 'server' : 'none',
    publish(topic, payload, { retain }) {
      if (!client.connected || onTheWay.size >= mostOnTheWay) return Promise.resolve(false);
      return new Promise((resolve) => {
        const end = (isTaken: boolean): void => {
          clearTimeout(limit);
          onTheWay.delete(lose);
          resolve(isTaken);
        };
        const lose = (): void => end(false);
        const limit = setTimeout(lose, acknowledgedWithinMs);
        onTheWay.add(lose);
        client.publish(topic, payload, { qos: 1, retain }, (error) => end(error == null));
      });
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await client.endAsync(true);
    },
  };
}
