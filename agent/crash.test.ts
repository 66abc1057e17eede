/**
 * The agent as a real process, killed at each step and at random instants. After each: the old or the new is
 * installed and running, LEONORE gets the right report, and nothing is left behind.
 *
 * LEONORE_CRASHES sets the number of random kills (30, in long runs 200), LEONORE_SEED their seed.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import type { Report } from '../domain/agent-protocol/messages.js';
import { AgentProcess } from './testing/agent-process.js';
import { CrashCourse, generator, seed } from './testing/crash-course.js';
import { AgentBed, application, toStayUp } from './testing/test-agent.js';
import { testPackage, testTask, type TestPackage } from './testing/test-package.js';

let bed: AgentBed;
const processes: AgentProcess[] = [];
beforeEach(async () => {
  bed = await AgentBed.create();
});
afterEach(async () => {
  for (const agent of processes.splice(0)) await agent.kill('SIGTERM');
  await bed.close();
});

function start(): AgentProcess {
  const agent = AgentProcess.start(bed);
  processes.push(agent);
  return agent;
}

const lib = (version: string) => ({
  name: 'lib',
  version,
  files: { data: version, 'install.sh': 'cp data made\n', 'uninstall.sh': 'rm made\n' },
});
const quick = { health: { staysUpSeconds: 0.1 } };
const first = testPackage(lib('1.0.0'), application('1.0.0', quick));
const second = testPackage(lib('2.0.0'), application('2.0.0', quick));
const failing = testPackage(
  lib('2.0.0'),
  application('2.0.0', { ...toStayUp, files: { 'start.sh': 'exit 1\n' } }),
);
const replaced = ['lib@1.0.0', 'app@1.0.0'];

async function installFirst(): Promise<AgentProcess> {
  bed.server.offer(first, testTask('d1', first));
  const agent = start();
  await bed.server.ending('d1');
  return agent;
}

/** What must hold once a delivery has ended, whatever happened on the way. */
async function expectSound(report: Report, version: string): Promise<void> {
  await bed.settled();
  expect(report.installed?.map((installed) => `${installed.name}@${installed.version}`)).toEqual([
    `lib@${version}`,
    `app@${version}`,
  ]);
  expect(await bed.store()).toEqual([`app@${version}`, `lib@${version}`]);
  expect(await readdir(bed.path('container/generations'))).toHaveLength(1);
  expect(await readdir(bed.path('container/packages'))).toHaveLength(1);
  expect((await readdir(bed.path('container/data'))).sort()).toEqual(['app', 'lib']);
  // The last kill may have come after the end of the delivery, so the application may just be starting again.
  await bed.running();
  expect((await bed.text('container/data/app/started')).trim().split('\n').at(-1)).toBe(version);
  // A report may come twice, but never two different ones with one number.
  const finals = bed.server.reports.filter(
    ({ deliveryId, sequence }) => deliveryId === 'd2' && sequence === 3,
  );
  expect(new Set(finals.map((final) => JSON.stringify(final))).size).toBe(1);
}

async function killAt(step: string, built: TestPackage, removeFirst: boolean): Promise<Report> {
  const agent = await installFirst();
  bed.server.offer(built, testTask('d2', built, { remove: replaced, removeFirst }));
  await agent.reached(step);
  await agent.kill();
  start();
  return bed.server.ending('d2');
}

describe('killed at the beginning of a step', () => {
  test.each(['download', 'install', 'switch', 'start', 'cleanup'])(
    '%s: the new runs in the end',
    async (step) => {
      const report = await killAt(step, second, false);
      expect(report).toMatchObject({ state: 'succeeded' });
      await expectSound(report, '2.0.0');
      if (step !== 'download') {
        expect(bed.server.countOf('GET', `/device/v1/packages/${second.digest}`)).toBe(1);
      }
    },
  );

  test.each(['makeRoom', 'install'])('%s, removing first: the new runs in the end', async (step) => {
    const report = await killAt(step, second, true);
    expect(report).toMatchObject({ state: 'succeeded' });
    await expectSound(report, '2.0.0');
  });

  test.each([false, true])('undo (removing first: %s): the old runs in the end', async (removeFirst) => {
    const report = await killAt('undo', failing, removeFirst);
    expect(report).toMatchObject({ state: 'failed', error: { class: 'health' } });
    await expectSound(report, '1.0.0');
  });
});

describe('killed at random instants', () => {
  const usual = process.env['LEONORE_SOAK'] === undefined ? 30 : 200;
  const kills = Number(process.env['LEONORE_CRASHES'] ?? usual);
  /** Side by side, because most of a delivery is waiting. */
  const courses = 3;

  test(
    `seed ${seed}: ${kills} times`,
    async () => {
      const strike = (agent: AgentProcess): Promise<void> => agent.kill();
      let left = kills;
      await Promise.all(
        Array.from({ length: courses }, async (_none, index) => {
          const own = await AgentBed.create();
          const random = generator(seed + index);
          const course = await CrashCourse.begin(own, random, { strike });
          try {
            while (left > 0) {
              const interruptions = Math.min(1 + Math.floor(random() * 8), left);
              left -= interruptions;
              await course.disturbed(interruptions);
            }
          } finally {
            await course.end();
            await own.close();
          }
        }),
      );
    },
    60_000 + kills * 6_000,
  );
});
