import { once, EventEmitter } from 'node:events';
import { mqttChannel } from '../../agent/connectivity/mqtt/mqtt-channel.js';
import type { HandlerUnderTest } from '../../connectivity/testing/handler-contract.js';

const { signal } = new AbortController();

/** A gateway that speaks MQTT as the agent does, for the contract of handlers. */
export const mqttGateway: HandlerUnderTest['gateway'] = async (
  { id, token },
  { address, tls, transport },
) => {
  const channel = mqttChannel({
    gatewayId: id,
    protocols: ['mqtt'],
    server: 'http://127.0.0.1:1',
    tls: { authorities: { pem: undefined }, client: undefined },
    timeoutMs: 20_000,
    firstRetryMs: 100,
    mostRetryMs: 1_000,
    userAgent: 'test',
  });
  const endpoint = { protocol: 'mqtt', strategy: 'push', transport, address, tls };
  const session = { nodeAddress: 'http://127.0.0.1:1', token, endpoint };
  const notices = new EventEmitter();
  channel.onNotice((notice) => {
    if (notice !== null) notices.emit('notice');
  });
  return {
    async tasks() {
      const answer = await channel.pollTasks(session, undefined, signal);
      if (!answer.changed) throw new Error('nothing was known before');
      return answer.response;
    },
    report: (reports) => channel.sendReports(session, reports, signal),
    sendProfile: (profile) => channel.sendProfile(session, profile, signal),
    async sendTooMuch() {
      const detail = 'x'.repeat(1024 * 1024);
      await channel
        .sendReports(session, [{ deliveryId: 'x', sequence: 1, state: 'downloading', detail }], signal)
        .then(
          () => {
            throw new Error('it was taken');
          },
          () => undefined,
        );
    },
    async noticed() {
      await once(notices, 'notice');
    },
    close: () => channel.close(),
  };
};
