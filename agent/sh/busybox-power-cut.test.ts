/**
 * Power cuts at random instants of deliveries to the BusyBox agent, on a file system that really loses what was not synced.
 *
 * LEONORE_CUTS sets their number (6, in long runs 40), LEONORE_SEED their seed. Where no file system may be mounted, or there is no
 * BusyBox, it is skipped.
 */
import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { busybox, BusyBoxBed } from '../../tests/support/busybox-bed.js';
import { endProcessesOf } from '../testing/agent-process.js';
import { generator, seed } from '../testing/crash-course.js';
import { LossyDisk } from '../testing/lossy-disk.js';
import { application } from '../testing/test-agent.js';
import { testPackage, testTask } from '../testing/test-package.js';

const usual = process.env['LEONORE_SOAK'] === undefined ? 3 : 40;
const cuts = Number(process.env['LEONORE_CUTS'] ?? usual);
const probe = busybox === '' ? null : await LossyDisk.create(16);
await probe?.remove();

/** Content that takes a while to download, to unpack and to put on the disk. */
const noise = randomBytes(400_000);
const packageOf = (version: string, start = {}) =>
  testPackage(
    {
      name: 'lib',
      version,
      files: { noise, data: version, 'install.sh': 'cp data made\n', 'uninstall.sh': 'rm made\n' },
    },
    application(version, { files: start }),
  );
const working = ['1.0.0', '2.0.0'].map((version) => ({ version, built: packageOf(version) }));
const broken = packageOf('3.0.0', { 'start.sh': 'exit 1\n' });

/** Ends what works in a directory: what a power cut ends, and what keeps the disk from being mounted again. */
async function endAllBelow(directory: string): Promise<void> {
  await endProcessesOf(`${directory}/container`);
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (readlinkSync(`/proc/${pid}/cwd`).startsWith(directory)) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It was gone already.
    }
  }
}

(probe === null ? test.skip : test)(
  `the BusyBox agent holds the old or the new, never half, after ${cuts} power cuts (seed ${seed})`,
  async () => {
    const disk = await LossyDisk.create(64);
    if (disk === null) throw new Error('it was there before');
    const random = generator(seed);
    const box = await BusyBoxBed.onPath(disk.path);
    execFileSync('sync');
    const { bed } = box;
    // Nobody else's name space is to hold the disk.
    const start = () => box.start({ LEONORE_ISOLATION: 'none' });
    let installed = '';
    try {
      let agent = start();
      let wholeMs = 0;
      const deliver = async (number: number, interruptions: number): Promise<void> => {
        const deliveryId = `d${number}`;
        const next = working.find(({ version }) => version !== installed);
        if (next === undefined) throw new Error('no version');
        const fails = installed !== '' && random() < 0.3;
        const removeFirst = installed !== '' && random() < 0.4;
        const built = fails ? broken : next.built;
        const remove = installed === '' ? [] : [`lib@${installed}`, `app@${installed}`];
        bed.server.offer(built, testTask(deliveryId, built, { remove, removeFirst }));
        for (let count = 0; count < interruptions; count += 1) {
          await sleep(random() * wholeMs);
          process.kill(agent.pid, 'SIGSTOP');
          disk.cut();
          await agent.end('SIGKILL');
          await disk.restore(() => endAllBelow(box.root));
          agent = start();
        }
        const report = await bed.server.ending(deliveryId);
        const story = `${deliveryId}: ${installed} -> ${fails ? 'broken' : next.version}, removing first: ${removeFirst}, ${JSON.stringify(report)}`;
        if (!fails && report.state === 'succeeded') installed = next.version;
        else expect([story, report.state]).toEqual([story, 'failed']);
        expect([story, report.installed?.map(({ name, version }) => `${name}@${version}`)]).toEqual([
          story,
          [`lib@${installed}`, `app@${installed}`],
        ]);
        // It tidies up after its journal is gone.
        while ((await box.leftovers()).length > 0) await sleep(50);
        expect([story, await box.store()]).toEqual([story, [`app@${installed}`, `lib@${installed}`]]);
        expect(await readdir(box.path('container/packages'))).toHaveLength(1);
        expect(await bed.text('container/current/active/lib/data')).toBe(installed);
        expect(await bed.text('container/current/active/lib/made')).toBe(installed);
        await box.running();
      };
      const startedMs = performance.now();
      await deliver(1, 0);
      wholeMs = performance.now() - startedMs;
      for (let left = cuts, number = 2; left > 0; number += 1) {
        const interruptions = Math.min(1 + Math.floor(random() * 3), left);
        left -= interruptions;
        await deliver(number, interruptions);
      }
    } finally {
      // A test that failed without power leaves a disk that cannot be tidied.
      await box.close().catch(() => undefined);
      await endAllBelow(box.root);
      await disk.remove();
    }
  },
  120_000 + cuts * 60_000,
);
