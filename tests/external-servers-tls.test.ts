/** The servers beside LEONORE over TLS, for real: PostgreSQL as DATABASE_URL asks for it, Temporal behind a proxy that ends TLS. */
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectPlainly, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { NativeConnection } from '@temporalio/worker';
import { temporalSecurity } from '../composition/temporal-security.js';
import { connectDatabase } from '../repositories/database.js';
import { GatewayChanges } from '../repositories/gateway-changes.js';
import { localAuthority, type LocalAuthority } from '../stack/local-authority.js';
import { postgresOsUser } from '../stack/postgres/os-user.js';
import { TemporalLink } from '../workflows/client/temporal-link.js';
import { startPostgresForTests, type PostgresForTests } from './support/servers/postgres-for-tests.js';
import { testTemporal, type TestTemporal } from './support/temporal.js';

let directory: string;
let own: LocalAuthority;
let other: LocalAuthority;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-servers-tls-'));
  await chmod(directory, 0o755);
  own = await localAuthority(join(directory, 'own'), Date.now());
  other = await localAuthority(join(directory, 'other'), Date.now());
});

afterAll(() => rm(directory, { recursive: true, force: true }));

describe('PostgreSQL', () => {
  let server: PostgresForTests;

  beforeAll(async () => {
    // PostgreSQL wants a key that is its own.
    const { owner } = await postgresOsUser([directory]);
    const folder = join(directory, 'own', 'tls');
    if (owner !== undefined)
      for (const path of [join(directory, 'own'), folder, own.certPath, own.keyPath, own.caPath])
        await chown(path, owner.uid, owner.gid);
    server = await startPostgresForTests([
      ...['ssl=on', `ssl_cert_file=${own.certPath}`, `ssl_key_file=${own.keyPath}`],
    ]);
  }, 120_000);

  afterAll(() => server.stop());

  const urlOf = (asked: string): string => `${server.adminUrl}?${asked}`;

  async function isOverTls(url: string): Promise<boolean | undefined> {
    const database = connectDatabase({ url, poolSize: 2 });
    try {
      const text = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
      const [[row], [hot]] = await Promise.all([
        database.$queryRawUnsafe<{ ssl: boolean }[]>(text),
        database.$prepared<{ ssl: boolean }>({ name: 'over_tls', text }, []),
      ]);
      expect(hot?.ssl).toBe(row?.ssl);
      return row?.ssl;
    } finally {
      await database.$close();
    }
  }

  test('is spoken to over TLS when DATABASE_URL asks for it, and not when it is of another authority', async () => {
    expect(await isOverTls(urlOf(`sslmode=verify-full&sslrootcert=${own.caPath}`))).toBe(true);
    expect(await isOverTls(urlOf('sslmode=disable'))).toBe(false);
    await expect(isOverTls(urlOf(`sslmode=verify-full&sslrootcert=${other.caPath}`))).rejects.toThrow();
  }, 60_000);

  test('announces changes over the same', async () => {
    const heard = async (authority: LocalAuthority): Promise<string> => {
      let changes: GatewayChanges | undefined;
      const first = await new Promise<string>((resolve) => {
        changes = new GatewayChanges(urlOf(`sslmode=verify-full&sslrootcert=${authority.caPath}`), 'node-1', {
          connected: () => resolve('connected'),
          disconnected: () => resolve('disconnected'),
          changed: () => undefined,
        });
      });
      await changes?.close();
      return first;
    };
    expect(await heard(own)).toBe('connected');
    expect(await heard(other)).toBe('disconnected');
  }, 60_000);
});

describe('Temporal', () => {
  let proxy: Server;
  const sockets = new Set<Socket>();
  let address: string;
  let temporal: TestTemporal;
  let namespace: string;
  const client = (name: string): string => join(directory, name);

  beforeAll(async () => {
    temporal = await testTemporal();
    ({ namespace } = temporal);
    const [host = '', port = ''] = temporal.address.split(':');
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
        ...['-subj', '/CN=leonore', '-keyout', client('client.key'), '-out', client('client.crt')],
      ],
      { stdio: 'ignore' },
    );
    proxy = createServer(
      {
        cert: readFileSync(own.certPath),
        key: readFileSync(own.keyPath),
        // Whoever has no certificate of ours is sent away.
        ca: readFileSync(client('client.crt')),
        requestCert: true,
        rejectUnauthorized: true,
        ALPNProtocols: ['h2'],
      },
      (socket) => {
        const upstream = connectPlainly(Number(port), host);
        for (const one of [socket, upstream]) {
          sockets.add(one);
          one.once('close', () => sockets.delete(one));
        }
        socket.on('error', () => upstream.destroy()).pipe(upstream);
        upstream.on('error', () => socket.destroy()).pipe(socket);
      },
    );
    proxy.on('tlsClientError', () => undefined);
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    address = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  }, 15 * 60_000);

  afterAll(async () => {
    await temporal.stop();
    proxy.close();
    for (const socket of sockets) socket.destroy();
  });

  const certificate = () => ({
    TEMPORAL_TLS_CERT: client('client.crt'),
    TEMPORAL_TLS_KEY: client('client.key'),
  });

  test.each([
    ['by its authority, with a certificate', true, () => ({ TEMPORAL_TLS_CA: own.caPath, ...certificate() })],
    ['by another authority', false, () => ({ TEMPORAL_TLS_CA: other.caPath, ...certificate() })],
    ['without a certificate', false, () => ({ TEMPORAL_TLS_CA: own.caPath })],
    ['without TLS', false, () => ({})],
  ])(
    'is spoken to %s: %s',
    async (_how, isReached, settings) => {
      const security = temporalSecurity({ TEMPORAL_TLS: false, ...settings() });
      const link = new TemporalLink(address, namespace, security);
      expect(await link.isReachable()).toBe(isReached);
      await link.close();
      const connected = NativeConnection.connect({ address, ...security });
      if (isReached) await (await connected).close();
      else await expect(connected).rejects.toThrow();
    },
    60_000,
  );
});
