/** What a gateway is ordered to do with artifacts that it has, in the agent and as a process that is killed. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { AgentProcess, processesOf } from './testing/agent-process.js';
import { AgentBed, application, exists, shortTimes } from './testing/test-agent.js';
import { testPackage, testTask } from './testing/test-package.js';

let bed: AgentBed;
beforeEach(async () => {
  bed = await AgentBed.create();
});
afterEach(() => bed.close());

const lib = { name: 'lib', version: '1.0.0', files: { data: 'library' } };
const built = testPackage(
  lib,
  application('1.0.0', { files: { 'uninstall.sh': 'echo gone >>"$LEONORE_ROOT/../gone"\n' } }),
);

async function install(over: Parameters<AgentBed['start']>[0] = {}) {
  bed.server.offer(built, testTask('d1', built));
  const agent = await bed.start(over);
  await bed.server.ending('d1');
  return agent;
}

const pid = async () => Number(await bed.text('container/data/app/pid'));
const starts = async () => (await bed.text('container/data/app/started')).trim().split('\n').length;

describe('an order', () => {
  test('to stop an application holds over restarts, until it is ordered to start', async () => {
    const agent = await install();
    const running = await pid();
    expect(await bed.server.order('o1', 'stop', 'app')).toMatchObject({
      sequence: 3,
      state: 'succeeded',
      installed: [{ name: 'lib' }, { name: 'app' }],
    });
    expect(() => process.kill(running, 0)).toThrow();
    await agent.close();

    const polls = bed.server.countOf('GET', '/device/v1/tasks');
    await bed.start();
    await bed.server.until(() => bed.server.countOf('GET', '/device/v1/tasks') > polls);
    expect(await processesOf(bed.path('container'))).toEqual([]);

    expect(await bed.server.order('o2', 'start', 'app')).toMatchObject({ state: 'succeeded' });
    await bed.running();
    expect(await starts()).toBe(2);
    await bed.settled();
    expect(await readdir(bed.path('container/generations'))).toHaveLength(1);
  });

  test('to do what is done already succeeds and disturbs nothing', async () => {
    await install();
    const running = await pid();
    expect(await bed.server.order('o1', 'start', 'app')).toMatchObject({ state: 'succeeded' });
    expect(await pid()).toBe(running);
    expect(await bed.server.order('o2', 'uninstall', 'other')).toMatchObject({ state: 'succeeded' });
    process.kill(running, 0);
    expect(await starts()).toBe(1);
  });

  test('to uninstall runs the uninstall script and leaves nothing of the artifact', async () => {
    await install({ isolation: 'none' });
    const running = await pid();
    expect(await bed.server.order('o1', 'uninstall', 'app')).toMatchObject({
      state: 'succeeded',
      installed: [{ name: 'lib', version: '1.0.0' }],
    });
    expect(() => process.kill(running, 0)).toThrow();
    expect(await bed.text('gone')).toBe('gone\n');
    expect(await bed.store()).toEqual(['lib@1.0.0']);
    expect(await readdir(bed.path('container/data'))).toEqual(['lib']);
    expect(await exists(bed.path('container/log/app.log'))).toBe(false);
    expect(await bed.server.order('o2', 'uninstall', 'lib')).toMatchObject({
      state: 'succeeded',
      installed: [],
    });
    expect(await readdir(bed.path('container/packages'))).toEqual([]);
    await bed.settled();
  });

  test('to start what does not stay up fails, and it is stopped as before', async () => {
    const broken = testPackage(
      application('1.0.0', {
        files: { 'start.sh': 'test ! -e "$LEONORE_DATA/broken" || exit 7\nexec sleep 1000\n' },
      }),
    );
    bed.server.offer(broken, testTask('d1', broken));
    await bed.start();
    await bed.server.ending('d1');
    await bed.server.order('o1', 'stop', 'app');
    await writeFile(bed.path('container/data/app/broken'), '');
    expect(await bed.server.order('o2', 'start', 'app')).toMatchObject({
      state: 'failed',
      error: { class: 'health', step: 'health', message: 'app ended with status 7' },
      installed: [{ name: 'app' }],
    });
    expect(await processesOf(bed.path('container'))).toEqual([]);
    await bed.settled();
    await rm(bed.path('container/data/app/broken'));
    expect(await bed.server.order('o3', 'start', 'app')).toMatchObject({ state: 'succeeded' });
  });

  test('for what cannot be started fails and says so', async () => {
    await install();
    expect(await bed.server.order('o1', 'start', 'nothing')).toMatchObject({
      state: 'failed',
      error: { class: 'internal', step: 'change', message: 'nothing is not installed.' },
    });
    for (const action of ['start', 'stop'] as const) {
      expect(await bed.server.order(`o-${action}`, action, 'lib')).toMatchObject({
        state: 'failed',
        error: { step: 'change', message: 'lib has no start script.' },
      });
    }
    await bed.running();
    await bed.settled();
  });

  test('that was carried out before is answered, not carried out again', async () => {
    await install();
    await bed.server.order('o1', 'stop', 'app');
    await bed.server.order('o2', 'start', 'app');
    const count = await starts();
    bed.server.orders.push({
      deliveryId: 'o1',
      action: 'stop',
      artifact: 'app',
      deadline: '2030-01-01T00:00:00Z',
      lastSequence: 5,
    });
    await bed.server.until(() => bed.server.reports.some(({ sequence }) => sequence === 6));
    await bed.running();
    expect(await starts()).toBe(count);
  });

  test.each(['change', 'switch', 'start', 'cleanup'])('is finished after a kill in %s', async (step) => {
    bed.server.offer(built, testTask('d1', built));
    const first = AgentProcess.start(bed);
    await bed.server.ending('d1');
    const ended = bed.server.order('o1', 'uninstall', 'app');
    // The first `start` and `cleanup` are those of the installation.
    await first.reached('change');
    await first.reached(step, 'o1');
    await first.kill();
    const second = AgentProcess.start(bed);
    try {
      expect(await ended).toMatchObject({ state: 'succeeded', installed: [{ name: 'lib' }] });
      await bed.settled();
      expect(await bed.store()).toEqual(['lib@1.0.0']);
      expect(await processesOf(bed.path('container'))).toEqual([]);
    } finally {
      await second.kill('SIGTERM');
    }
  });
});

test('a delivery that an order interrupted is not: one after the other', async () => {
  const second = testPackage(application('2.0.0'));
  await install({ times: { ...shortTimes, staysUpMs: 50 } });
  bed.server.offer(second, testTask('d2', second, { remove: ['app@1.0.0'] }));
  expect(await bed.server.order('o1', 'stop', 'app')).toMatchObject({
    state: 'succeeded',
    installed: [{ name: 'lib' }, { name: 'app', version: '2.0.0' }],
  });
  expect(await processesOf(bed.path('container'))).toEqual([]);
});
