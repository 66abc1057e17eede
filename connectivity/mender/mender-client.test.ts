/** Debian's mender-client, as it is, against the handler; skipped where its packages cannot be had. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startClient, type ClientProcess } from '../../testbed/clients/client-process.js';
import {
  makeMenderArtifact,
  menderCommand,
  obtainMenderClient,
} from '../../testbed/clients/mender-client.js';
import { clientBed, type ClientBed } from '../../tests/support/client-bed.js';
import { mender } from './mender-handler.js';

const installed = await obtainMenderClient();

if (installed === null) {
  test.skip('mender-client is not installed, and its packages cannot be had here', () => undefined);
} else {
  const mac = '02:00:00:00:00:07';
  let bed: ClientBed;
  let tenantToken: string;
  const clients: ClientProcess[] = [];

  beforeAll(async () => {
    bed = await clientBed(mender, { LEONORE_MENDER_PORT: '0', LEONORE_MENDER_POLL_SECONDS: '1' });
    tenantToken = await bed.enrolment({ keyless: false, approval: 'person' });
  }, 300_000);

  afterAll(async () => {
    for (const client of clients) await client.stop();
    await bed.close();
  });

  /** @param name of its root directory */
  const start = async (name: string): Promise<ClientProcess> => {
    const attributes = { arch: 'armv7', os: 'linux', 'hardware.board': '2.1.0' };
    const told = { url: bed.address, mac, tenantToken, attributes };
    const client = startClient(await menderCommand(installed, join(bed.directory, name), told));
    clients.push(client);
    return client;
  };

  /** Awaits what only a client that runs can bring about. */
  async function until(client: ClientProcess, condition: () => Promise<boolean>): Promise<void> {
    const endMs = Date.now() + 60_000;
    while (!(await condition())) {
      if (Date.now() > endMs) throw new Error(`it did not come to it; the client: ${client.printed()}`);
      await delay(100);
    }
  }

  const offer = async (version: string, failing: boolean): Promise<string> => {
    const name = `meter-${version}`;
    const content = `meter ${version}`;
    const artifact = { name, fileName: 'meter', content, failing };
    const path = await makeMenderArtifact(installed, bed.directory, artifact);
    return bed.offer(mac, { version, fileName: `${name}.mender`, bytes: await readFile(path) });
  };

  describe('mender-client as it is', () => {
    let client: ClientProcess;
    const gateway = () => bed.repositories.gateways.get(mac).catch(() => null);

    test('is let in by its own key when a person has accepted it, and says what it is', async () => {
      client = await start('device');
      await until(client, async () => (await gateway())?.conditions.includes('pending') === true);
      await bed.repositories.gateways.approve(mac);
      await until(client, async () => (await gateway())?.profile.hardware.arch === 'armv7');
      expect(await gateway()).toMatchObject({
        key: expect.stringMatching(/^spki-sha256:/),
        protocol: 'mender',
        strategy: 'pull',
        profile: {
          hardware: { components: [{ name: 'board', version: '2.1.0' }] },
          software: { os: 'linux', formats: ['mender'] },
          labels: { device_type: 'board' },
        },
      });
    }, 120_000);

    test('installs its next deployment and says so', async () => {
      const rolloutId = await offer('2.0.0', false);
      await until(client, async () => (await bed.repositories.rollouts.counts(rolloutId)).succeeded === 1);
      expect(await readFile(join(bed.directory, 'device', 'data', 'meter'), 'utf8')).toBe('meter 2.0.0');
      expect((await gateway())?.profile.installed).toMatchObject([{ name: 'meter', version: '2.0.0' }]);
      const history = JSON.stringify(await bed.repositories.deliveries.history({ rolloutId, ordinal: 0 }));
      for (const state of ['downloading', 'installing', 'succeeded'])
        expect(history).toContain(`"state":"${state}"`);
    }, 120_000);

    test('says what has failed, sends its log, and keeps what it has', async () => {
      const rolloutId = await offer('3.0.0', true);
      await until(client, async () => (await bed.repositories.rollouts.counts(rolloutId)).failed === 1);
      const history = async () =>
        JSON.stringify(await bed.repositories.deliveries.history({ rolloutId, ordinal: 0 }));
      await until(client, async () => (await history()).includes('there is no room for it'));
      expect(await readFile(join(bed.directory, 'device', 'data', 'meter'), 'utf8')).toBe('meter 2.0.0');
    }, 120_000);

    test('is not let in with another key under the same id, and the device that is goes on', async () => {
      const foreign = await start('foreign');
      const contests = () => bed.repositories.contests.list(10, mac);
      await until(foreign, async () => (await contests()).length > 0);
      expect(await contests()).toMatchObject([
        { reason: 'key', key: expect.stringMatching(/^spki-sha256:/) },
      ]);
      const rolloutId = await offer('4.0.0', false);
      await until(client, async () => (await bed.repositories.rollouts.counts(rolloutId)).succeeded === 1);
      expect(await readFile(join(bed.directory, 'device', 'data', 'meter'), 'utf8')).toBe('meter 4.0.0');
      await expect(readFile(join(bed.directory, 'foreign', 'data', 'meter'))).rejects.toThrow();
    }, 120_000);
  });
}
