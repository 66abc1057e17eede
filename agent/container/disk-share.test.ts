/** What an application keeps is held to the share of the disk that its manifest allows. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GatewayState } from '../../domain/gateway/profile.js';
import { AgentBed, application } from '../testing/test-agent.js';
import { testPackage, testTask, type TestArtifact, type TestPackage } from '../testing/test-package.js';
import { overDiskShare } from './disk-share.js';

const signal = new AbortController().signal;

describe('the share of a directory', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leonore-share-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  test('counts what many small files take, at any depth, and nothing that a link leads to', async () => {
    await mkdir(join(directory, 'a', 'b'), { recursive: true });
    for (let file = 0; file < 20; file += 1) await writeFile(join(directory, 'a', 'b', String(file)), 'x');
    await symlink('/', join(directory, 'a', 'root'));
    expect(await overDiskShare(directory, 10_000_000, signal)).toBeNull();
    expect(await overDiskShare(directory, 20 * 512, signal)).toMatch(
      /^keeps \d+ bytes on the disk, and may keep 10240$/,
    );
  });

  test('of one that is not there is nothing', async () => {
    expect(await overDiskShare(join(directory, 'none'), 1, signal)).toBeNull();
  });
});

describe('an application', () => {
  let bed: AgentBed;
  beforeEach(async () => {
    bed = await AgentBed.create();
  });
  afterEach(() => bed.close());

  const limits = { diskBytes: 200_000 };
  /** Many small files, none of which is beyond the limit by itself. */
  const fill = 'i=0; while [ $i -lt 100 ]; do echo x >"$LEONORE_DATA/f$i"; i=$((i + 1)); done';
  const filling = (when: string, health: NonNullable<TestArtifact['health']>): TestPackage =>
    testPackage(
      application('1.0.0', {
        limits,
        health,
        files: { 'start.sh': `${when}\necho $$ >"$LEONORE_DATA/pid"; exec sleep 1000\n` },
      }),
    );

  test('that takes more while it has to stay up does not come', async () => {
    await bed.start();
    const built = filling(fill, { staysUpSeconds: 5 });
    bed.server.offer(built, testTask('d1', built));
    expect(await bed.server.ending('d1')).toMatchObject({
      state: 'failed',
      error: { class: 'health', message: expect.stringContaining('may keep 200000') },
      installed: [],
    });
    expect(existsSync(bed.path('container/data/app'))).toBe(false);
  });

  test('that takes more later is told of, and ended and started anew', async () => {
    await bed.start({ profileIntervalSeconds: 1 });
    const built = filling(`( sleep 3; ${fill} ) &`, { periodSeconds: 1 });
    bed.server.offer(built, testTask('d1', built));
    expect(await bed.server.ending('d1')).toMatchObject({ state: 'succeeded' });
    const state = (): GatewayState | undefined => bed.server.profiles.at(-1)?.state;
    await bed.server.until(() => (state()?.applications[0]?.check ?? '').includes('may keep 200000'));
    await bed.server.until(() => (state()?.applications[0]?.restarts ?? 0) > 0);
  });
});
