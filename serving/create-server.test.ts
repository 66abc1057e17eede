/** How a server closes, on real sockets. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import { createServer } from './create-server.js';

async function serve() {
  const app = createServer(pino({ level: 'silent' }), {
    bodyLimit: 1_000,
    budgets: { caller: 1_000, address: 1_000 },
  });
  let began = (): void => undefined;
  let goOn = (): void => undefined;
  const beginning = new Promise<void>((resolve) => (began = resolve));
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  app.get('/', async () => 'here');
  app.get('/slow', async () => {
    began();
    await gate;
    return 'done';
  });
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  return { app, port: Number(port), beginning, goOn: () => goOn() };
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

async function ask(socket: Socket, path: string): Promise<string> {
  socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString().split('\r\n', 1)[0] ?? '';
}

test('a server that closes does not wait for who has asked nothing, or has been answered', async () => {
  const { app, port } = await serve();
  const sockets = [await open(port), await open(port), await open(port)];
  const [, half, answered] = sockets;
  half?.write('GET / HT');
  if (answered === undefined) throw new Error('there are three');
  expect(await ask(answered, '/')).toBe('HTTP/1.1 200 OK');
  const ends = sockets.map((socket) => once(socket, 'close'));
  await app.close();
  await Promise.all(ends);
});

test('what is under way when it closes is answered', async () => {
  const { app, port, beginning, goOn } = await serve();
  const socket = await open(port);
  const answer = ask(socket, '/slow');
  await beginning;
  const closed = app.close();
  goOn();
  expect(await answer).toBe('HTTP/1.1 200 OK');
  socket.destroy();
  await closed;
});
