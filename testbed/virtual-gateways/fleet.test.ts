import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { startVirtualGateways, type VirtualGatewayFleet } from './fleet.js';
import { populations } from './population.js';
import { StandInServer, standInPackage } from './stand-in-server.js';
import { until } from '../until.js';

/** Incompressible, so that the package really is as large as the paper's. */
const payload = randomBytes(120_000);
/** Only a machine that is busy with other things needs it. */
const patienceMs = 60_000;
jest.setTimeout(2 * patienceMs);
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function standIn(): Promise<StandInServer> {
  const server = await StandInServer.start();
  closing.push(() => server.stop());
  return server;
}

async function fleetAt(
  server: StandInServer,
  options: Partial<Parameters<typeof startVirtualGateways>[0]>,
): Promise<VirtualGatewayFleet> {
  const fleet = await startVirtualGateways({
    server: server.address,
    enrolmentToken: 'enrolment',
    count: 10,
    ...options,
  });
  closing.push(() => fleet.stop());
  return fleet;
}

describe('virtual gateways', () => {
  test('two hundred, pull and push, register, download, check and report', async () => {
    const server = await standIn();
    const fleet = await fleetAt(server, { count: 200, intervalSeconds: 1 });
    expect(server.gateways.size).toBe(200);
    await server.offer(await standInPackage('thermometer', '1.0.0', payload), 'first');
    await until(() => server.countOf('succeeded') === 200, patienceMs);
    const progress = fleet.snapshot();
    expect(progress).toMatchObject({
      registered: 200,
      tasks: 200,
      downloads: 200,
      succeeded: 200,
      failed: 0,
    });
    expect(progress.notices).toBe(100);
    expect(progress.downloadedBytes).toBeGreaterThan(200 * payload.length);
    expect(fleet.errors()).toEqual([]);
    const states = server.reports.filter((report) => report.deliveryId === 'first-virtual-7');
    expect(states.map((report) => [report.sequence, report.state])).toEqual([
      [1, 'downloading'],
      [2, 'installing'],
      [3, 'succeeded'],
    ]);
  });

  test('tell what is installed afterwards, without what was removed', async () => {
    const server = await standIn();
    await fleetAt(server, { strategy: 'push', kinds: populations.building, count: 60, reports: 'one' });
    const old = [...server.gateways].filter(
      ([, gateway]) => gateway.registration.profile.installed?.length === 1,
    );
    expect(old.length).toBeGreaterThan(0);
    await server.offer(await standInPackage('thermometer', '1.0.0', payload), 'first', [
      'thermo-legacy@0.9.0',
    ]);
    await until(() => server.countOf('succeeded') === 60, patienceMs);
    for (const [id] of old) {
      const last = server.reports.filter((report) => report.deliveryId === `first-${id}`).at(-1);
      expect(last?.installed).toEqual([
        { name: 'thermometer', version: '1.0.0', installedSize: payload.length, requested: true },
      ]);
    }
  });

  test('refuse what was planned for another state, and tell which one they are in', async () => {
    const server = await standIn();
    const fleet = await fleetAt(server, { strategy: 'pull', intervalSeconds: 0.2 });
    const digests = [...server.gateways.values()].map(
      ({ registration }) => registration.profile.state?.digest ?? '',
    );
    await server.offer(
      await standInPackage('thermometer', '1.0.0', payload),
      'first',
      [],
      'of another state',
    );
    await until(() => server.countOf('failed') === 10, patienceMs);
    expect(server.reports.map(({ error, stateDigest }) => [error?.step, stateDigest]).sort()).toEqual(
      digests.map((digest) => ['state-changed', digest]).sort(),
    );
    expect(fleet.snapshot().failed).toBe(0);
    await server.offer(await standInPackage('thermometer', '1.0.0', payload), 'second', [], digests[0]);
    await until(() => server.countOf('succeeded') === 10, patienceMs);
    expect(digests).not.toContain(server.reports.at(-1)?.stateDigest);
  });

  test('ask conditionally: a poll without news costs no body', async () => {
    const server = await standIn();
    await fleetAt(server, { strategy: 'pull', intervalSeconds: 0.2 });
    await until(() => server.unchangedPolls >= 20, patienceMs);
  });

  test('fail and fall silent as often as told, the same ones for the same seed', async () => {
    const server = await standIn();
    const fleet = await fleetAt(server, {
      count: 200,
      strategy: 'push',
      failureRate: 0.2,
      silentRate: 0.1,
      seed: 7,
    });
    const { silent } = fleet.snapshot();
    expect(silent).toBeGreaterThan(5);
    await server.offer(await standInPackage('thermometer', '1.0.0', payload), 'first');
    await until(
      () => server.countOf('offered') === silent && server.countOf('downloading') === 0,
      patienceMs,
    );
    await until(() => server.countOf('succeeded') + server.countOf('failed') === 200 - silent, patienceMs);
    expect(server.countOf('failed')).toBeGreaterThan(15);
    expect(server.reports.find((report) => report.state === 'failed')?.error).toMatchObject({
      class: 'script',
    });
  });

  test('report a damaged package as a failure of integrity', async () => {
    const server = await standIn();
    await fleetAt(server, { strategy: 'push' });
    const whole = await standInPackage('thermometer', '1.0.0', payload);
    const damaged = Buffer.from(whole.bytes);
    damaged.writeUInt8(damaged.readUInt8(50_000) ^ 1, 50_000);
    await server.offer({ digest: whole.digest, bytes: damaged }, 'first');
    await until(() => server.countOf('failed') === 10, patienceMs);
    expect(server.reports.at(-1)?.error?.class).toBe('integrity');
  });

  test('drop what the server has ended, and report a package that is not given away as a failure of the network', async () => {
    const server = await standIn();
    const fleet = await fleetAt(server, { strategy: 'pull', intervalSeconds: 0.2 });
    const pack = await standInPackage('thermometer', '1.0.0', payload);
    server.hasEndedAll = true;
    await server.offer(pack, 'ended');
    await until(() => fleet.snapshot().tasks === 10 && fleet.snapshot().working === 0, patienceMs);
    expect(fleet.errors()).toEqual([]);
    expect(server.countOf('offered')).toBe(10);

    server.hasEndedAll = false;
    await server.offer(pack, 'gone');
    server.removePackage(pack.digest);
    await until(() => server.countOf('failed') === 10, patienceMs);
    for (const { error } of server.reports.filter(({ state }) => state === 'failed'))
      expect(error).toMatchObject({ class: 'network', step: 'download' });
    expect(fleet.errors()).toEqual([]);
  });

  test('return to the registration address when the node does not know them', async () => {
    const server = await standIn();
    const fleet = await fleetAt(server, { strategy: 'pull', intervalSeconds: 0.2 });
    server.misdirect = 10;
    await until(() => server.registrations >= 20, patienceMs);
    await server.offer(await standInPackage('thermometer', '1.0.0', payload), 'first');
    await until(() => server.countOf('succeeded') === 10, patienceMs);
    expect(fleet.snapshot().registeredAgain).toBeGreaterThanOrEqual(10);
  });

  test('are refused for good with a clear error', async () => {
    const server = await standIn();
    const fleet = startVirtualGateways({
      server: server.address,
      enrolmentToken: 'enrolment',
      count: 1,
      prefix: 'not an id',
    });
    await expect(fleet).rejects.toThrow('HTTP 400');
  });
});
