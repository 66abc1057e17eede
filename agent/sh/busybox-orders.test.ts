/** What the BusyBox agent makes of windows, of other values, and of tags; and that what waits for others is not mixed up. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Order, Report, Task } from '../../domain/agent-protocol/messages.js';
import { signedText } from '../../domain/agent-protocol/text-form.js';
import { busybox, BusyBoxBed } from '../../tests/support/busybox-bed.js';
import { application, type AgentBed } from '../testing/test-agent.js';
import { testPackage, testTask, type TestPackage } from '../testing/test-package.js';

let box: BusyBoxBed;
let bed: AgentBed;

async function install(built: TestPackage, deliveryId: string, over: Partial<Task> = {}): Promise<Report> {
  bed.server.offer(built, testTask(deliveryId, built, over));
  return bed.server.ending(deliveryId);
}

async function polls(more: number): Promise<void> {
  const seen = bed.server.countOf('GET', '/device/v1/tasks');
  await bed.server.until(() => bed.server.countOf('GET', '/device/v1/tasks') >= seen + more);
}

const lines = async (file: string): Promise<string[]> =>
  (await bed.text('container/data/app', file).catch(() => '')).split('\n').slice(0, -1);

(busybox === '' ? describe.skip : describe)('the BusyBox agent', () => {
  beforeEach(async () => {
    box = await BusyBoxBed.onPath();
    bed = box.bed;
  });
  afterEach(() => box.close());

  /** What LEONORE has tagged; the gateway has registered before. */
  function tagged<T extends Task | Order>(
    task: T,
    over: { readonly signedAt?: string; readonly counter?: number; readonly expires?: string } = {},
  ): T {
    const facts = {
      gatewayId: 'gw',
      counter: over.counter ?? Date.now() * 1_000,
      signedAt: over.signedAt ?? new Date().toISOString(),
      expires: over.expires ?? '2030-01-01T00:00:00.000Z',
      signatures: [],
    };
    const hmac = bed.server.keys.tagOf(signedText({ ...task, signed: facts }));
    if (hmac === null) throw new Error('the gateway has shown no key');
    return { ...task, signed: { ...facts, hmac } };
  }

  test('fetches what waits for its window, says so once, and installs it in one by the time that was signed', async () => {
    box.start();
    await polls(1);
    const built = testPackage(application('1.0.0'));
    const nowSeconds = Math.floor(Date.now() / 1_000);
    const window = { fromSeconds: nowSeconds + 3_600, toSeconds: nowSeconds + 7_200 };
    const task = testTask('d1', built, { switchWindows: [{ fromSeconds: 1, toSeconds: 2 }, window] });
    let signedAt = new Date().toISOString();
    // Each answer is tagged anew, since what it says may be another thing.
    bed.server.intercept = () => {
      bed.server.tasks = bed.server.tasks.map((offered) => tagged(offered, { signedAt }));
      bed.server.orders = bed.server.orders.map((offered) => tagged(offered, { signedAt }));
      return false;
    };
    bed.server.offer(built, task);
    await bed.server.until(() => bed.server.countOf('GET', '/device/v1/packages') > 0);
    await polls(3);
    const at = new Date(window.fromSeconds * 1_000).toISOString().replace('.000', '');
    const told = { state: 'downloading', detail: `waits for its window at ${at}` };
    expect(bed.server.reports).toMatchObject([told]);
    expect(await bed.store()).toEqual([]);
    // What is refused meanwhile leaves alone what was fetched.
    const startState = 'another';
    expect(await bed.server.order('o1', 'uninstall', 'other', { startState })).toMatchObject({
      state: 'failed',
    });
    signedAt = new Date((window.fromSeconds + 1) * 1_000).toISOString();
    expect(await bed.server.ending('d1')).toMatchObject({ state: 'succeeded' });
    expect(bed.server.countOf('GET', `/device/v1/packages/${built.digest}`)).toBe(1);
    await box.leftovers();
  }, 240_000);

  test('holds orders back in the same way, carries out others, and refuses what comes too late', async () => {
    box.start();
    await install(testPackage(application('1.0.0')), 'd1');
    const fromSeconds = Math.floor(Date.now() / 1_000) + 6;
    const stopped = bed.server.order('o1', 'stop', 'app', {
      switchWindows: [{ fromSeconds, toSeconds: fromSeconds + 600 }],
    });
    expect(await bed.server.order('o2', 'uninstall', 'other')).toMatchObject({ state: 'succeeded' });
    expect(await stopped).toMatchObject({ state: 'succeeded' });
    expect(Date.now() / 1_000).toBeGreaterThanOrEqual(fromSeconds);
    expect(bed.server.reports.filter(({ deliveryId }) => deliveryId === 'o1')[0]).toMatchObject({
      state: 'downloading',
      detail: expect.stringContaining('waits for its window'),
    });
    const late = await bed.server.order('o3', 'start', 'app', {
      switchWindows: [{ fromSeconds: 1, toSeconds: 2 }],
    });
    expect(late).toMatchObject({ state: 'failed', error: { class: 'state', step: 'window' } });
  }, 240_000);

  test('gives an application other values: by its reload script, by a restart, and the former ones on failure', async () => {
    const start =
      'echo "$LEONORE_VALUE_ROOM $LEONORE_VALUE_FLOOR" >>"$LEONORE_DATA/started"; echo $$ >"$LEONORE_DATA/pid"; exec sleep 1000\n';
    const reload =
      'echo "$LEONORE_VALUE_ROOM $(cat "$LEONORE_VALUES/floor")" >>"$LEONORE_DATA/reloaded"; test "$LEONORE_VALUE_ROOM" != broken\n';
    const values = { room: 'one', floor: '1' };
    const configure = (id: string, given: Record<string, string>, artifact = 'app'): Promise<Report> =>
      bed.server.order(id, 'configure', artifact, { values: given });
    box.start();
    await install(testPackage(application('1.0.0', { files: { 'start.sh': start } })), 'd1', { values });
    expect(await configure('o1', { room: 'two' })).toMatchObject({ state: 'succeeded' });
    expect(await lines('started')).toEqual(['one 1', 'two 1']);
    expect(await configure('o2', { room: 'two' }, 'other')).toMatchObject({
      state: 'failed',
      error: { step: 'change', message: 'other is not installed' },
    });
    const next = testPackage(application('2.0.0', { files: { 'start.sh': start, 'reload.sh': reload } }));
    await install(next, 'd2', { values, remove: ['app@1.0.0'] });
    const count = (await lines('started')).length;
    expect(await configure('o3', { room: 'three' })).toMatchObject({ state: 'succeeded' });
    expect(await lines('reloaded')).toEqual(['three 1']);
    expect(await lines('started')).toHaveLength(count);
    expect(await configure('o4', { room: 'broken' })).toMatchObject({
      state: 'failed',
      error: { class: 'script', step: 'reload' },
    });
    while ((await lines('started')).length === count) await polls(1);
    expect((await lines('started')).at(-1)).toBe('three 1');
    await box.running();
  }, 240_000);

  test('takes nothing but what LEONORE has tagged for it, once it was given something tagged', async () => {
    box.start();
    const built = testPackage(application('1.0.0'));
    const [second, third] = [testPackage(application('2.0.0')), testPackage(application('3.0.0'))];
    await polls(1);
    const genuine = tagged(testTask('d1', built));
    bed.server.offer(built, genuine);
    expect(await bed.server.ending('d1')).toMatchObject({ state: 'succeeded' });
    const refused = { state: 'failed', error: { class: 'integrity', step: 'verify' } };
    expect(await install(second, 'd2')).toMatchObject(refused);
    const changed = { ...tagged(testTask('d3', second)), removeFirst: true };
    bed.server.offer(second, changed);
    expect(await bed.server.ending('d3')).toMatchObject(refused);
    bed.server.offer(second, tagged(testTask('d4', second), { counter: 1 }));
    expect(await bed.server.ending('d4')).toMatchObject(refused);
    bed.server.offer(third, tagged(testTask('d5', third, { remove: ['app@1.0.0'] })));
    expect(await bed.server.ending('d5')).toMatchObject({ state: 'succeeded' });
    await box.running();
  }, 240_000);

  test('takes nothing that has expired by what was signed before, whatever its clock says, after a restart too', async () => {
    const agent = box.start();
    await polls(1);
    const refused = { state: 'failed', error: { class: 'integrity', step: 'verify' } };
    const built = testPackage(application('1.0.0'));
    // Its own clock is years behind what was signed.
    const signedAt = '2040-01-01T00:00:00.000Z';
    const expires = '2040-01-01T01:00:00.000Z';
    bed.server.offer(built, tagged(testTask('d1', built), { signedAt, expires }));
    expect(await bed.server.ending('d1')).toMatchObject({ state: 'succeeded' });
    const old = { signedAt: '2039-12-31T22:30:00.000Z', expires: '2039-12-31T23:30:00.000Z' };
    const stop = (deliveryId: string): Order => ({
      deliveryId,
      action: 'stop',
      artifact: 'app',
      deadline: '2041-01-01T00:00:00Z',
      lastSequence: 0,
    });
    bed.server.orders.push(tagged(stop('o1'), old));
    expect(await bed.server.ending('o1')).toMatchObject(refused);
    await agent.end('SIGTERM');
    box.start();
    bed.server.orders.push(tagged(stop('o2'), old));
    expect(await bed.server.ending('o2')).toMatchObject(refused);
    bed.server.orders.push(tagged(stop('o3'), { signedAt, expires }));
    expect(await bed.server.ending('o3')).toMatchObject({ state: 'succeeded' });
  }, 240_000);

  test('leaves the others whole when it takes something away beside an application that runs', async () => {
    const lib = { name: 'lib', version: '1.0.0', files: { data: 'x', 'uninstall.sh': 'sleep 1\n' } };
    const tool = { name: 'tool', version: '1.0.0', files: { data: 'x', 'uninstall.sh': 'sleep 1\n' } };
    box.start();
    await install(testPackage(lib, application('1.0.0')), 'd1');
    await install(testPackage(tool), 'd2');
    expect(await bed.server.order('o1', 'uninstall', 'tool')).toMatchObject({ state: 'succeeded' });
    expect(await bed.store()).toEqual(['app@1.0.0', 'lib@1.0.0']);
    expect((await readdir(bed.path('container/data'))).sort()).toEqual(['app', 'lib']);
    await box.running();
  }, 240_000);

  test('repairs what is damaged while others run and are checked, though it is not given at once', async () => {
    const lib = testPackage({ name: 'lib', version: '1.0.0', files: { data: 'library' } });
    const app = testPackage(
      application('1.0.0', {
        files: {
          'start.sh': 'echo $$ >"$LEONORE_DATA/pid"; exec sleep 1000\n',
          'check.sh': 'test -f "$LEONORE_ACTIVE/lib/data"\n',
        },
        health: { check: 'check.sh', periodSeconds: 1 },
      }),
    );
    const agent = box.start();
    await install(lib, 'd1');
    await install(app, 'd2');
    await polls(1);
    await agent.end('SIGTERM');
    const [home] = await readdir(bed.path('container/store/lib'));
    const data = join(bed.path('container/store/lib'), home ?? '', 'data');
    await writeFile(data, 'damaged');
    let refusals = 0;
    bed.server.intercept = (request, response) => {
      if (refusals > 1 || !(request.url ?? '').includes('/packages/')) return false;
      refusals += 1;
      response.writeHead(503).end();
      return true;
    };
    box.start();
    while ((await bed.text('container/store/lib', home ?? '', 'data').catch(() => '')) !== 'library') {
      await polls(1);
    }
    await box.running();
    expect(await bed.store()).toEqual(['app@1.0.0', 'lib@1.0.0']);
  }, 240_000);
});
