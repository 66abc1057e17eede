import { expect } from '@jest/globals';
import { Agent, request as coapRequest, type IncomingMessage } from 'coap';
import type { ReportsResponse, TasksResponse } from '../../domain/agent-protocol/messages.js';
import { plainTokenOf } from '../../trust/plain-token.js';
import { coapGateway } from '../../tests/support/coap-gateway.js';
import { describeHandlerContract, type HandlerUnderTest } from '../testing/handler-contract.js';
import { coap } from './coap-handler.js';

const environment = async () => ({ LEONORE_COAP_PORT: '0', LEONORE_PUSH_ADDRESSES: '127.0.0.0/8' });

describeHandlerContract('CoAP, pull', {
  protocol: coap,
  environment,
  strategy: 'pull',
  gateway: coapGateway('pull'),
});
describeHandlerContract('CoAP, push', {
  protocol: coap,
  environment,
  strategy: 'push',
  gateway: coapGateway('push'),
});

const failures: Readonly<Record<string, string>> = {
  '4.01': 'unauthenticated',
  '4.29': 'unavailable',
};

/** The client of the package `coap`, which knows nothing of LEONORE's. */
const otherGateway: HandlerUnderTest['gateway'] = async ({ token }, { address }) => {
  const { hostname, port } = new URL(address);
  const agent = new Agent({ type: 'udp4' });
  function ask(method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const query = `token=${plainTokenOf(token)}`;
      const request = coapRequest({ hostname, port: Number(port), method, pathname: path, query, agent });
      request.once('response', resolve);
      request.once('error', reject);
      if (body !== undefined) {
        request.setOption('Content-Format', 'application/json');
        // Blocks of 1024 bytes.
        request.setOption('Block1', Buffer.from([0x06]));
        request.write(JSON.stringify(body));
      }
      request.end();
    });
  }
  async function told(method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<string> {
    const answer = await ask(method, path, body);
    const text = answer.payload.toString();
    if (answer.code.startsWith('2.')) return text;
    const problem = (text === '' ? {} : JSON.parse(text)) as { status?: number; code?: string };
    throw Object.assign(new Error(text), {
      code: problem.code,
      coapCode: answer.code,
      failure: problem.status === 421 ? 'wrongNode' : (failures[answer.code] ?? 'refused'),
      retryAfterMs: Number(answer.headers['Max-Age'] ?? 0) * 1_000,
    });
  }
  return {
    tasks: async () => JSON.parse(await told('GET', '/device/v1/tasks')) as TasksResponse,
    report: async (reports) =>
      JSON.parse(await told('POST', '/device/v1/reports', { reports })) as ReportsResponse,
    async sendProfile(profile) {
      await told('PUT', '/device/v1/profile', { profile });
    },
    async sendTooMuch() {
      await expect(
        told('POST', '/device/v1/reports', { reports: ['x'.repeat(140 * 1024)] }),
      ).rejects.toMatchObject({ coapCode: '4.13' });
    },
    close: async () => void agent.close(),
  };
};
describeHandlerContract('CoAP, by another client', {
  protocol: coap,
  environment,
  strategy: 'pull',
  gateway: otherGateway,
});
