/** Servers that prove who they are, on real sockets. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTcp } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { Agent, request } from 'undici';
import { createServer } from './create-server.js';
import { readTls, tlsFilesOf, ToldAuthorities, type TlsFiles } from './tls.js';

let folder: string;
const path = (name: string): string => join(folder, name);
const budgets = { caller: 1_000, address: 1_000 };

/** A certificate for this machine that is its own authority. */
function certify(name: string): { certPath: string; keyPath: string } {
  const files = { certPath: path(`${name}.crt`), keyPath: path(`${name}.key`) };
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'],
      ...['-keyout', files.keyPath, '-out', files.certPath],
    ],
    { stdio: 'ignore' },
  );
  return files;
}

async function serve(files: TlsFiles) {
  const app = createServer(pino({ level: 'silent' }), { bodyLimit: 1_000, budgets, tls: files });
  app.get('/', async () => 'here');
  app.get('/device/v1/tasks', async () => 'a task');
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  return { app, address, port: Number(new URL(address).port) };
}

/** A connection that believes one authority. @throws when the server is not certified by it */
async function open(port: number, ca: string): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ca: await readFile(ca) });
  await once(socket, 'secureConnect');
  return socket;
}

/** One request on a connection that stays. */
async function ask(socket: TLSSocket): Promise<string> {
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString().split('\r\n', 1)[0] ?? '';
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leonore-tls-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('a server is believed by who knows its authority, and by nobody else', async () => {
  const files = certify('own');
  const other = certify('other');
  const { app, address, port } = await serve(files);
  try {
    expect(address).toMatch(/^https:/);
    const socket = await open(port, files.certPath);
    expect(await ask(socket)).toBe('HTTP/1.1 200 OK');
    socket.destroy();
    await expect(open(port, other.certPath)).rejects.toThrow(/self-signed|certificate/);
  } finally {
    await app.close();
  }
});

test('a new certificate is taken over, and connections that there are go on', async () => {
  const files = certify('first');
  const first = path('first.ca');
  execFileSync('cp', [files.certPath, first]);
  const { app, port } = await serve(files);
  const socket = await open(port, first);
  try {
    const second = certify('second');
    const taken = new Promise<void>((resolve) => {
      const server = app.server as unknown as { setSecureContext(options: object): void };
      const take = server.setSecureContext.bind(server);
      server.setSecureContext = (options) => (take(options), resolve());
    });
    execFileSync('cp', [second.certPath, path('second.ca')]);
    await rename(second.keyPath, files.keyPath);
    await rename(second.certPath, files.certPath);
    await taken;
    const renewed = await open(port, path('second.ca'));
    expect(await ask(renewed)).toBe('HTTP/1.1 200 OK');
    expect(await ask(socket)).toBe('HTTP/1.1 200 OK');
    renewed.destroy();
  } finally {
    socket.destroy();
    await app.close();
  }
}, 30_000);

test('files that do not belong together, or only one of them, are no configuration', () => {
  const one = certify('one');
  const two = certify('two');
  expect(() => readTls({ certPath: one.certPath, keyPath: two.keyPath })).toThrow(
    'no certificate and its key',
  );
  expect(() => readTls({ certPath: path('absent'), keyPath: two.keyPath })).toThrow(
    'no certificate and its key',
  );
  expect(() => tlsFilesOf({ LEONORE_TLS_CERT: one.certPath })).toThrow('go together');
  expect(() => tlsFilesOf({ LEONORE_TLS_CA: one.certPath })).toThrow('go together');
  expect(tlsFilesOf({})).toBeNull();
});

test('where gateways must have a certificate, who has none of that authority is refused what is a gateway’s, and people nothing', async () => {
  const files = certify('server');
  const [gateway, stranger] = [certify('gateway'), certify('stranger')];
  const { app, address } = await serve({ ...files, clientCaPath: gateway.certPath });
  const ca = await readFile(files.certPath);
  const ask = async (route: string, by?: TlsFiles) => {
    const own =
      by === undefined ? {} : { cert: await readFile(by.certPath), key: await readFile(by.keyPath) };
    const dispatcher = new Agent({ connect: { ca, ...own } });
    try {
      const { statusCode, body } = await request(address + route, { dispatcher });
      return `${statusCode} ${await body.text()}`;
    } finally {
      await dispatcher.close();
    }
  };
  try {
    const refused = expect.stringMatching(/^403 .*CLIENT_CERTIFICATE_REQUIRED/);
    expect(await ask('/device/v1/tasks', gateway)).toBe('200 a task');
    expect(await ask('/device/v1/tasks')).toEqual(refused);
    expect(await ask('/device/v1/tasks', stranger)).toEqual(refused);
    expect(await ask('/%64evice/v1/tasks')).toEqual(expect.not.stringMatching(/^200/));
    expect(await ask('/')).toBe('200 here');
    expect(await ask('/', stranger)).toBe('200 here');
  } finally {
    await app.close();
  }
}, 30_000);

test('gateways are told no authority that the server’s own certificate is not of', async () => {
  const [own, other] = [certify('told'), certify('not-told')];
  const failures: unknown[] = [];
  const failed = (error: unknown): void => void failures.push(error);
  expect(() => ToldAuthorities.open(other.certPath, own, failed)).toThrow('is of none of its authorities');
  expect(() => ToldAuthorities.open(own.keyPath, own, failed)).toThrow('holds no certificate');
  execFileSync('sh', ['-c', 'cat "$1" "$2" >"$3"', 'sh', other.certPath, own.certPath, path('both.crt')]);
  const told = ToldAuthorities.open(path('both.crt'), own, failed);
  expect(told.pem).toContain(await readFile(own.certPath, 'utf8'));
  told.close();
});

test('a server that closes does not wait for who has shaken hands and asked nothing, or has not even shaken hands', async () => {
  const { certPath, keyPath } = certify('silent');
  const { app, port } = await serve({ certPath, keyPath });
  const silent = await open(port, certPath);
  const mute = connectTcp(port, '127.0.0.1');
  await once(mute, 'connect');
  const ends = [silent, mute].map((socket) => once(socket, 'close'));
  await app.close();
  await Promise.all(ends);
});
