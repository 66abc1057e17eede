/** Full disks, each a real file system of its own: the old version stays and runs, and the gateway goes on asking. */
import { describe, expect, test } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processesOf } from './testing/agent-process.js';
import { AgentBed, application } from './testing/test-agent.js';
import { testPackage, testTask } from './testing/test-package.js';

const built = testPackage(application('1.0.0'));

/** Works with a gateway on a file system of so many KiB of its own, where the machine lets us have one. */
async function onSmallDisk(sizeKb: number, work: (small: AgentBed) => Promise<void>): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), 'leonore-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeKb}k`, 'tmpfs', path]);
  if (mounted.status !== 0) {
    await rm(path, { recursive: true });
    // Mounting needs root.
    process.stderr.write('skipped: no file system may be mounted here\n');
    return;
  }
  const small = await AgentBed.create(path);
  try {
    await work(small);
  } finally {
    await small.close();
    execFileSync('umount', ['-l', path]);
    await rm(path, { recursive: true });
  }
}

describe('a full disk', () => {
  test.each([
    ['the download', 1_200, 100, 'download'],
    ['unpacking', 3_000, 100, 'unpack'],
  ])('at %s: the old version stays and runs', async (_what, sizeKb, usedKb, step) => {
    await onSmallDisk(sizeKb, async (small) => {
      small.server.offer(built, testTask('d1', built));
      const agent = await small.start();
      await small.server.ending('d1');
      await mkdir(join(small.directory, 'other'));
      await writeFile(join(small.directory, 'other', 'file'), Buffer.alloc(usedKb * 1_024));
      const big = testPackage(application('2.0.0', { files: { noise: randomBytes(1_500_000) } }));
      small.server.offer(big, testTask('d2', big, { remove: ['app@1.0.0'] }));
      expect(await small.server.ending('d2')).toMatchObject({
        state: 'failed',
        error: { class: 'space', step },
        installed: [{ name: 'app', version: '1.0.0' }],
      });
      await small.running();
      await small.settled();
      expect(await small.store()).toEqual(['app@1.0.0']);
      await agent.close();
    });
  });

  test('that fills just before the switch: the old version stays and runs', async () => {
    await onSmallDisk(3_000, async (small) => {
      small.server.offer(built, testTask('d1', built));
      await small.start();
      await small.server.ending('d1');
      const running = Number(await small.text('container/data/app/pid'));
      const filling = 'dd if=/dev/zero of="$LEONORE_HOME/filled" 2>/dev/null\nexit 0\n';
      const full = testPackage(application('2.0.0', { files: { 'install.sh': filling } }));
      small.server.offer(full, testTask('d2', full, { remove: ['app@1.0.0'] }));
      expect(await small.server.ending('d2')).toMatchObject({
        state: 'failed',
        error: { class: 'space', step: 'switch' },
        installed: [{ name: 'app', version: '1.0.0' }],
      });
      await small.settled();
      expect(await small.store()).toEqual(['app@1.0.0']);
      process.kill(running, 0);
    });
  });

  test('does not keep the applications of a gateway from starting', async () => {
    await onSmallDisk(2_000, async (small) => {
      small.server.offer(built, testTask('d1', built));
      const agent = await small.start();
      await small.server.ending('d1');
      await agent.close();
      const before = Number(await small.text('container/data/app/pid'));
      spawnSync('dd', ['if=/dev/zero', `of=${join(small.directory, 'filled')}`]);
      // Another node, too: what the registration brings cannot be kept.
      small.server.nodeAddress = `${small.server.url}/`;
      const polls = small.server.countOf('GET', '/device/v1/tasks');
      await small.start();
      await small.server.until(() => small.server.countOf('GET', '/device/v1/tasks') > polls);
      const running = await processesOf(small.path('container'));
      expect(running).toHaveLength(1);
      expect(running).not.toContain(before);
    });
  });

  test.each(['install', 'start'])(
    'that a script fills in %s: the old version stays and runs',
    async (script) => {
      await onSmallDisk(3_000, async (small) => {
        small.server.offer(built, testTask('d1', built));
        await small.start();
        await small.server.ending('d1');
        const filling = 'dd if=/dev/zero of="$LEONORE_HOME/filled" 2>/dev/null\nexit 1\n';
        const full = testPackage(application('2.0.0', { files: { [`${script}.sh`]: filling } }));
        small.server.offer(full, testTask('d2', full, { remove: ['app@1.0.0'] }));
        expect(await small.server.ending('d2')).toMatchObject({
          state: 'failed',
          installed: [{ name: 'app', version: '1.0.0' }],
        });
        await small.settled();
        expect(await small.store()).toEqual(['app@1.0.0']);
        // The old one runs, and what it does is possible again.
        await small.running();
      });
    },
  );
});
