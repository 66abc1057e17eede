/**
 * Power cuts at random instants, on a file system that really loses what was not synced.
 *
 * LEONORE_CUTS sets their number (8, in long runs 30), LEONORE_SEED their seed. Where no file system may be mounted it is skipped.
 */
import { expect, test } from '@jest/globals';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endProcessesOf, type AgentProcess } from './testing/agent-process.js';
import { CrashCourse, generator, seed } from './testing/crash-course.js';
import { LossyDisk } from './testing/lossy-disk.js';
import { AgentBed } from './testing/test-agent.js';

const usual = process.env['LEONORE_SOAK'] === undefined ? 8 : 30;
const cuts = Number(process.env['LEONORE_CUTS'] ?? usual);
const probe = await LossyDisk.create(16);
await probe?.remove();
const where = probe === null ? test.skip : test;

where('the disk of this test loses what was not synced', async () => {
  const disk = await LossyDisk.create(16);
  if (disk === null) throw new Error('it was there before');
  try {
    mkdirSync(join(disk.path, 'directory'));
    writeFileSync(join(disk.path, 'file'), 'content');
    disk.cut();
    await disk.restore();
    expect(existsSync(join(disk.path, 'file'))).toBe(false);
    expect(existsSync(join(disk.path, 'directory'))).toBe(false);
  } finally {
    await disk.remove();
  }
});

where(
  `seed ${seed}: ${cuts} power cuts`,
  async () => {
    const disk = await LossyDisk.create(64);
    if (disk === null) throw new Error('it was there before');
    const random = generator(seed);
    const bed = await AgentBed.create(disk.path);
    const strike = async (agent: AgentProcess): Promise<void> => {
      // Nobody must see the disk without power: everything stops at one instant.
      process.kill(agent.pid, 'SIGSTOP');
      disk.cut();
      await agent.kill();
      // A script may have been about to start: it shows what it is a moment later.
      await disk.restore(() => endProcessesOf(bed.path('container')));
    };
    const course = await CrashCourse.begin(bed, random, { strike });
    try {
      for (let left = cuts; left > 0;) {
        const interruptions = Math.min(1 + Math.floor(random() * 4), left);
        left -= interruptions;
        await course.disturbed(interruptions);
      }
    } finally {
      await course.end();
      // A test that failed without power leaves a disk that cannot be tidied.
      await bed.close().catch(() => undefined);
      await disk.remove();
    }
  },
  60_000 + cuts * 15_000,
);
