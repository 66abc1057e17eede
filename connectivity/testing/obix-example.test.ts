/** The example of a handler from outside, examples/handler-obix: loaded as a node does, against a small oBIX server. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Report, ReportsResponse } from '../../domain/agent-protocol/messages.js';
import type { GatewayHandler, Protocol } from '../gateway-handler.js';
import { handlerFiles, openHandlers } from '../registry.js';
import { describeHandlerContract, type ContractGateway } from './handler-contract.js';

const setting = resolve('examples/handler-obix/obix.mjs');

async function opened(environment: Readonly<Record<string, string>>): Promise<GatewayHandler> {
  const options = { environment, services: ['127.0.0.1:7233'] };
  const handlers = await openHandlers(options, handlerFiles(setting));
  const own = handlers.find(({ protocol }) => protocol === 'obix');
  if (own === undefined) throw new Error('the example is not loaded');
  return own;
}

const handler = await opened({ LEONORE_OBIX_PORT: '0' });
const protocol: Protocol = { name: handler.protocol, open: () => handler };

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
const texts = (xml: string): unknown[] =>
  [...xml.matchAll(/<str val="([^"]*)"/g)].map(([, text = '']) => {
    const json = text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&');
    return JSON.parse(json) as unknown;
  });

/** A gateway's oBIX server of one point. */
async function obixServer(written: () => void): Promise<{ server: Server; address: string }> {
  const server = createServer((request, response) => {
    request.resume();
    request.once('end', () => {
      response.writeHead(request.method === 'PUT' ? 200 : 405).end('<bool name="taskWaiting" val="true"/>');
      if (request.method === 'PUT') written();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, address: `obix://127.0.0.1:${(server.address() as AddressInfo).port}/taskWaiting` };
}

describeHandlerContract('the oBIX example', {
  protocol,
  environment: async () => ({}),
  strategy: 'push',
  async gateway({ id, token }, { address }): Promise<ContractGateway> {
    let heard = (): void => undefined;
    const { server, address: pushAddress } = await obixServer(() => heard());
    async function ask(method: string, what: string, body?: string, who = id): Promise<string> {
      const answer = await fetch(`${address}/gateways/${who}/${what}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'text/xml' },
        ...(body === undefined ? {} : { body }),
      });
      const text = await answer.text();
      if (answer.ok) return text;
      const code = /<err is="([A-Z_]+)"/.exec(text)?.[1];
      const failures: Record<number, string> = {
        401: 'unauthenticated',
        421: 'wrongNode',
        429: 'unavailable',
      };
      throw Object.assign(new Error(text), {
        code,
        status: answer.status,
        failure: failures[answer.status] ?? 'refused',
        retryAfterMs: Number(answer.headers.get('retry-after') ?? 0) * 1_000,
      });
    }
    return {
      pushAddress,
      async tasks() {
        const xml = await ask('GET', 'tasks');
        const [tasks = ''] = xml.split('</list>');
        return {
          tasks: texts(tasks) as { deliveryId: string }[],
          profileWanted: xml.includes('name="profileWanted" val="true"'),
        };
      },
      async report(reports: readonly Report[]) {
        const items = reports.map((report) => `<str val="${escaped(JSON.stringify(report))}"/>`).join('');
        const outcomes = texts(await ask('POST', 'report', `<list>${items}</list>`));
        return { outcomes: outcomes as ReportsResponse['outcomes'] };
      },
      async sendProfile(profile) {
        await ask('PUT', 'name', `<str val="${escaped(profile.name ?? '')}"/>`, profile.id);
      },
      async sendTooMuch() {
        await expect(ask('PUT', 'name', 'x'.repeat(1024 * 1024))).rejects.toMatchObject({ status: 413 });
      },
      noticed: () => new Promise((done) => (heard = done)),
      close: async () => void server.close(),
    };
  },
});

test('the addresses of gateways are theirs, and no service of LEONORE', () => {
  const rules = handler.pushAddresses;
  expect(() => rules?.check('obix://127.0.0.1:5000/x', '127.0.0.1')).not.toThrow();
  for (const bad of [
    'obix://127.0.0.1:7233/x',
    'obix://192.0.2.1:5000/x',
    'http://127.0.0.1:5000/',
    'obix:x',
    '',
  ])
    expect(() => rules?.check(bad, '127.0.0.1')).toThrow();
});

test('a port that is none is refused at the start', async () => {
  await expect(opened({ LEONORE_OBIX_PORT: '70000' })).rejects.toThrow('LEONORE_OBIX_PORT');
});
