import { once, EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HeldNotices } from '../../agent/connectivity/http/held-notices.js';
import { DeviceClient } from '../../agent/connectivity/http/device-client.js';
import { describeHandlerContract, type HandlerUnderTest } from '../testing/handler-contract.js';
import { http } from './http-handler.js';

const gateway: HandlerUnderTest['gateway'] = async ({ token }, { address: nodeAddress }) => {
  const client = new DeviceClient({ registrationAddress: nodeAddress });
  const session = { nodeAddress, token };
  const notices = new EventEmitter();
  const listener = createServer((_request, response) => {
    response.writeHead(204).end();
    notices.emit('notice');
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    pushAddress: `http://127.0.0.1:${(listener.address() as AddressInfo).port}/notice`,
    async tasks() {
      const answer = await client.pollTasks(session);
      if (!answer.changed) throw new Error('nothing was known before');
      return answer.response;
    },
    report: (reports) => client.sendReports(session, reports),
    sendProfile: (profile) => client.sendProfile(session, profile),
    async sendTooMuch() {
      const body = JSON.stringify({ reports: ['x'.repeat(1024 * 1024)] });
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const answer = await fetch(`${nodeAddress}/device/v1/reports`, { method: 'POST', headers, body });
      if (answer.status !== 413) throw new Error(`it was answered by ${answer.status}`);
    },
    async noticed() {
      await once(notices, 'notice');
    },
    async close() {
      listener.closeAllConnections();
      listener.close();
    },
  };
};

/** Behind NAT: it tells no address, and holds a connection open. */
const heldGateway: HandlerUnderTest['gateway'] = async (who, endpoint) => {
  const own = await gateway(who, endpoint);
  const client = new DeviceClient({ registrationAddress: endpoint.address });
  const notices = new EventEmitter();
  let isHeld: Promise<unknown> | null = null;
  const held = new HeldNotices({
    client: {
      openNotices: async (...given) => {
        const body = await client.openNotices(...given);
        notices.emit('held');
        return body;
      },
    },
    firstRetryMs: 100,
    mostRetryMs: 1_000,
    onNotice: (notice) => {
      if (notice !== null) notices.emit('notice');
    },
  });
  return {
    report: (reports) => own.report(reports),
    sendProfile: (profile) => own.sendProfile(profile),
    sendTooMuch: () => own.sendTooMuch(),
    async tasks() {
      const answer = await own.tasks();
      isHeld ??= once(notices, 'held');
      held.keep({ nodeAddress: endpoint.address, token: who.token });
      await isHeld;
      return answer;
    },
    async noticed() {
      await once(notices, 'notice');
    },
    async close() {
      held.close();
      await own.close();
    },
  };
};

const environment = async () => ({ LEONORE_PUSH_ADDRESSES: '127.0.0.0/8' });
describeHandlerContract('HTTP, pull', { protocol: http, environment, strategy: 'pull', gateway });
describeHandlerContract('HTTP, push', { protocol: http, environment, strategy: 'push', gateway });
describeHandlerContract('HTTP, push over held connections', {
  protocol: http,
  environment,
  strategy: 'push',
  gateway: heldGateway,
});
