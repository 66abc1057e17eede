import { once, EventEmitter } from 'node:events';
import { coapChannel } from '../../agent/connectivity/coap/coap-channel.js';
import { numberAs, pathOptions } from '../../domain/agent-protocol/coap-message.js';
import type { HandlerUnderTest } from '../../connectivity/testing/handler-contract.js';
import { plainTokenOf } from '../../trust/plain-token.js';
import { rawCoap } from './raw-coap.js';

const { signal } = new AbortController();

/** A gateway that speaks CoAP as the agent does, for the contract of handlers. */
export function coapGateway(strategy: 'push' | 'pull'): HandlerUnderTest['gateway'] {
  return async ({ id, token }, { address, tls, transport }) => {
    const channel = await coapChannel({
      gatewayId: id,
      protocols: ['coap'],
      server: 'http://127.0.0.1:1',
      tls: { authorities: { pem: undefined }, client: undefined },
      timeoutMs: 20_000,
      firstRetryMs: 100,
      mostRetryMs: 1_000,
      userAgent: 'test',
      ...(strategy === 'push' ? { push: { host: '127.0.0.1', port: 0 } } : {}),
    });
    const endpoint = { protocol: 'coap', strategy, transport, address, tls };
    const session = { nodeAddress: 'http://127.0.0.1:1', token, endpoint };
    const notices = new EventEmitter();
    channel.onNotice((notice) => {
      if (notice !== null) notices.emit('notice');
    });
    return {
      pushAddress: channel.pushAddress,
      async tasks() {
        const answer = await channel.pollTasks(session, undefined, signal);
        if (!answer.changed) throw new Error('nothing was known before');
        return answer.response;
      },
      report: (reports) => channel.sendReports(session, reports, signal),
      sendProfile: (profile) => channel.sendProfile(session, profile, signal),
      async sendTooMuch() {
        const raw = await rawCoap(address);
        try {
          const { code } = await raw.ask({
            code: '0.02',
            options: [
              ...pathOptions('/device/v1/reports'),
              { name: 'Uri-Query', value: Buffer.from(`token=${plainTokenOf(token)}`) },
              { name: 'Block1', value: Buffer.from([0x0e]) },
              numberAs('Size1', 1024 * 1024),
            ],
            payload: Buffer.alloc(1_024, 'x'),
          });
          if (code !== '4.13') throw new Error(`it was answered by ${code}`);
        } finally {
          raw.close();
        }
      },
      async noticed() {
        await once(notices, 'notice');
      },
      close: () => channel.close(),
    };
  };
}
