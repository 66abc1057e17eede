import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { HttpPush } from './http-push.js';

let server: Server;
let push: HttpPush;
let address: string;
/** What the gateway answers, one after the other; then nothing more is expected. */
let answers: number[];
let received: unknown[];

const { signal } = new AbortController();
const notice = { reason: 'task' } as unknown as Parameters<HttpPush['send']>[1];

beforeEach(async () => {
  answers = [];
  received = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received.push([request.method, request.headers['content-type'], JSON.parse(body)]);
      response.writeHead(answers.shift() ?? 418, { location: address }).end('a');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/notices`;
  push = new HttpPush();
});

afterEach(async () => {
  await push.close();
  server.closeAllConnections();
  server.close();
});

test.each([200, 204, 299])(
  'a gateway that answers %s has taken the notice, and gets it once',
  async (status) => {
    answers = [status];
    expect(await push.send(address, notice, signal)).toBe(true);
    expect(received).toEqual([['POST', 'application/json', notice]]);
  },
);

test('a gateway that does not take the notice at first gets it again', async () => {
  answers = [503, 200];
  expect(await push.send(address, notice, signal)).toBe(true);
  expect(received).toHaveLength(2);
});

test.each([300, 302, 404, 500])(
  'one that answers %s twice has not taken it, and is left alone',
  async (status) => {
    answers = [status, status, 200];
    expect(await push.send(address, notice, signal)).toBe(false);
    expect(received).toHaveLength(2);
  },
);

test('one that is not there has not taken it', async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  expect(await push.send(address, notice, signal)).toBe(false);
});

test('a call that is off is an error, not a gateway that is away', async () => {
  const off = new AbortController();
  off.abort(new Error('called off'));
  await expect(push.send(address, notice, off.signal)).rejects.toThrow('called off');
  expect(received).toEqual([]);
});
