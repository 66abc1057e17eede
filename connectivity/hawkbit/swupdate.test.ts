/** Debian's SWUpdate, as it is, against the handler; skipped where its packages cannot be had. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startClient, type ClientProcess } from '../../testbed/clients/client-process.js';
import { clientBed, type ClientBed } from '../../tests/support/client-bed.js';
import type { UnpackedPackages } from '../../testbed/clients/debian-packages.js';
import { makeImage, makeImageKey, obtainSwupdate, swupdateCommand } from '../../testbed/clients/swupdate.js';
import { hawkbit } from './hawkbit-handler.js';

const id = 'board-swupdate';
const swupdate = await obtainSwupdate();
let bed: ClientBed;
const devices: ClientProcess[] = [];

beforeAll(async () => {
  bed = await clientBed(hawkbit, { LEONORE_HAWKBIT_PORT: '0', LEONORE_HAWKBIT_POLL_SECONDS: '1' });
}, 300_000);

afterAll(async () => {
  for (const device of devices) await device.stop();
  await bed.close();
});

async function until(condition: () => Promise<boolean>, [device] = devices.slice(-1)): Promise<void> {
  const endMs = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > endMs) {
      const reported = await bed.repositories.database.$queryRaw`SELECT * FROM delivery`;
      const told = JSON.stringify(reported, (_key, value: unknown) =>
        typeof value === 'bigint' ? Number(value) : value,
      );
      throw new Error(`it did not come to it: ${told}; the device: ${device?.printed() ?? ''}`);
    }
    await delay(100);
  }
}

async function runThrough(unpacked: UnpackedPackages): Promise<void> {
  const { repositories, directory, address } = bed;
  const keys = await makeImageKey(directory);
  const target = join(directory, 'installed');
  const bytes = await makeImage(directory, keys, { version: '2.0.0', path: target, content: 'a meter' });
  const told = {
    ...{ url: new URL(address).origin, id },
    ...{ gatewayToken: await bed.enrolment(), certificate: keys.certificate },
  };
  const place = join(directory, 'board');
  const before = startClient(await swupdateCommand(unpacked, place, told));
  devices.push(before);
  const profile = async () => (await repositories.gateways.get(id).catch(() => null))?.profile;
  await until(async () => (await profile())?.hardware.arch === 'armv7');
  expect(await profile()).toMatchObject({
    hardware: { components: [{ name: 'board', version: '2.1.0' }] },
    software: { formats: ['swu'] },
  });
  const rolloutId = await bed.offer(id, { version: '2.0.0', fileName: 'meter.swu', bytes });
  await until(async () => (await readFile(target, 'utf8').catch(() => '')) === 'a meter');
  await until(async () => (await repositories.rollouts.counts(rolloutId)).offered === 0);
  // The software that came up says that all is well.
  await before.stop();
  devices.push(startClient(await swupdateCommand(unpacked, place, { ...told, confirm: 2 })));
  await until(async () => (await repositories.rollouts.counts(rolloutId)).succeeded === 1);
  const history = await repositories.deliveries.history({ rolloutId, ordinal: 0 });
  expect(JSON.stringify(history)).toMatch(/Installing Update Chunk|Update Installed|download/i);
  expect((await profile())?.installed).toMatchObject([{ name: 'meter', version: '2.0.0' }]);
}

if (swupdate === null) {
  test.skip('SWUpdate is not installed, and its packages cannot be had here', () => undefined);
} else {
  test(
    'SWUpdate enrols, says what it is, installs an image, and tells after its restart that all is well',
    () => runThrough(swupdate),
    300_000,
  );
}
