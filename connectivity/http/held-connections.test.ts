import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { HeldConnections } from './held-connections.js';

let held: HeldConnections;
let server: Server;
const open: IncomingMessage[] = [];

beforeEach(async () => {
  held = new HeldConnections({ most: 2, admit: async () => 'x' });
  server = createServer((incoming, response) => {
    const id = (incoming.url ?? '').slice(1);
    try {
      held.makeRoom(id);
    } catch {
      response.writeHead(429).end();
      return;
    }
    held.hold(id, 'token', response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  held.close();
  for (const one of open.splice(0)) one.destroy();
  server.closeAllConnections();
  server.close();
});

async function holding(id: string): Promise<IncomingMessage> {
  const asked = request({ port: (server.address() as AddressInfo).port, path: `/${id}`, agent: false }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.on('error', () => undefined);
  open.push(answer);
  return answer;
}

test('who holds a connection is notified, and nobody else', async () => {
  const answer = await holding('a');
  await once(answer, 'data');
  const told = once(answer, 'data');
  expect(held.notify('a', { reason: 'task' })).toBe(true);
  expect(String((await told)[0])).toBe('data: {"reason":"task"}\n\n');
  expect(held.notify('b', { reason: 'task' })).toBe(false);
});

test('a newer connection ends the older, and there are no more than may be', async () => {
  const first = (await holding('a')).resume();
  const ended = once(first, 'end');
  await holding('a');
  await ended;
  await holding('b');
  expect(held.size).toBe(2);
  expect((await holding('c')).statusCode).toBe(429);
  expect((await holding('b')).statusCode).toBe(200);
});

test('who takes nothing is let go', async () => {
  const answer = await holding('a');
  answer.pause();
  let taken = 0;
  while (held.notify('a', { reason: 'task' })) {
    taken += 1;
    if (taken % 10_000 === 0) await new Promise(setImmediate);
    if (taken > 1_000_000) throw new Error('all of it was kept');
  }
  expect(held.size).toBe(0);
});
