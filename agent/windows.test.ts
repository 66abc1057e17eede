/** When a gateway may begin to change what runs: its windows, by the time that counts. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Task } from '../domain/agent-protocol/messages.js';
import { AgentBed, application } from './testing/test-agent.js';
import { testPackage, testTask } from './testing/test-package.js';
import { TestTrust } from './testing/test-trust.js';

let bed: AgentBed;
/** What the node says that it is, in Unix seconds. */
let dateSeconds: number;

beforeEach(async () => {
  bed = await AgentBed.create();
  dateSeconds = 1_000;
  bed.server.intercept = (_request, response) => {
    response.setHeader('date', new Date(dateSeconds * 1_000).toUTCString());
    return false;
  };
});
afterEach(() => bed.close());

const built = testPackage(application('1.0.0'));
const switchWindows = [
  { fromSeconds: 100, toSeconds: 200 },
  { fromSeconds: 2_000, toSeconds: 3_000 },
];
const detail = 'waits for its window at 1970-01-01T00:33:20Z';

const states = () => bed.server.reports.map((report) => [report.state, report.detail]);

async function polls(more: number): Promise<void> {
  const seen = bed.server.countOf('GET', '/device/v1/tasks');
  await bed.server.until(() => bed.server.countOf('GET', '/device/v1/tasks') >= seen + more);
}

describe('a package with windows', () => {
  test('is fetched, says what it waits for, and is installed in one of them', async () => {
    bed.server.offer(built, testTask('d1', built, { switchWindows }));
    await bed.start();
    await bed.server.until(() => bed.server.countOf('GET', '/device/v1/packages') > 0);
    await polls(3);
    expect(states()).toEqual([['downloading', detail]]);
    expect(await bed.store()).toEqual([]);
    dateSeconds = 2_500;
    expect(await bed.server.ending('d1')).toMatchObject({
      state: 'succeeded',
      installed: [{ version: '1.0.0' }],
    });
    expect(bed.server.countOf('GET', `/device/v1/packages/${built.digest}`)).toBe(1);
    await bed.running();
  });

  test('that waits is begun by the next agent, too, and not before', async () => {
    bed.server.offer(built, testTask('d1', built, { switchWindows }));
    const first = await bed.start();
    await polls(2);
    await first.close();
    await bed.start();
    await polls(3);
    expect(await bed.store()).toEqual([]);
    dateSeconds = 2_000;
    expect(await bed.server.ending('d1')).toMatchObject({ state: 'succeeded' });
  });

  test('is refused when the last of them has passed', async () => {
    dateSeconds = 3_000;
    bed.server.offer(built, testTask('d1', built, { switchWindows }));
    await bed.start();
    expect(await bed.server.ending('d1')).toMatchObject({
      state: 'failed',
      error: { class: 'state', step: 'window' },
      installed: [],
    });
    expect(bed.server.countOf('GET', '/device/v1/packages')).toBe(0);
    await bed.settled();
  });

  test('that LEONORE has ended while it waited is not installed', async () => {
    bed.server.offer(built, testTask('d1', built, { switchWindows }));
    await bed.start();
    await polls(2);
    bed.server.tasks = [];
    await polls(2);
    dateSeconds = 2_500;
    await polls(2);
    expect(states()).toEqual([['downloading', detail]]);
    expect(await bed.store()).toEqual([]);
  });

  test('is installed in it though the node is silent by then', async () => {
    // As long as the node answers, its word holds the time.
    const window = { fromSeconds: dateSeconds + 3, toSeconds: dateSeconds + 600 };
    bed.server.offer(built, testTask('d1', built, { switchWindows: [window] }));
    const answered = bed.server.intercept;
    await bed.start();
    await bed.server.until(() => bed.server.countOf('GET', '/device/v1/packages') > 0);
    await polls(1);
    let isSilent = true;
    bed.server.intercept = (request, response) => {
      if (isSilent) response.destroy();
      return isSilent || answered(request, response);
    };
    await bed.running();
    expect(bed.server.reports.some(({ state }) => state === 'succeeded')).toBe(false);
    isSilent = false;
    expect(await bed.server.ending('d1')).toMatchObject({ state: 'succeeded' });
  });
});

test('an order with windows waits for them, and one without does not', async () => {
  bed.server.offer(built, testTask('d1', built));
  await bed.start();
  await bed.server.ending('d1');
  const stopped = bed.server.order('o1', 'stop', 'app', { switchWindows });
  expect(await bed.server.order('o2', 'uninstall', 'other')).toMatchObject({ state: 'succeeded' });
  await polls(2);
  await bed.running();
  expect(bed.server.reports.filter(({ deliveryId }) => deliveryId === 'o1')).toMatchObject([
    { sequence: 1, state: 'downloading', detail },
  ]);
  dateSeconds = 2_500;
  expect(await stopped).toMatchObject({ state: 'succeeded' });
  const late = bed.server.order('o3', 'start', 'app', { switchWindows: switchWindows.slice(0, 1) });
  expect(await late).toMatchObject({ state: 'failed', error: { class: 'state', step: 'window' } });
});

test('where tasks are signed, the time is what was signed, whatever the node and the device say', async () => {
  const trust = new TestTrust();
  trust.serveOn(bed.server);
  const answered = bed.server.intercept;
  bed.server.intercept = (request, response) => {
    response.setHeader('date', new Date(2_500_000).toUTCString());
    return answered(request, response);
  };
  trust.state(built);
  const nowSeconds = Date.now() / 1_000;
  const window = { fromSeconds: Math.floor(nowSeconds) + 3_600, toSeconds: Math.floor(nowSeconds) + 7_200 };
  const task: Task = testTask('d1', built, { switchWindows: [...switchWindows, window] });
  bed.server.offer(built, trust.task(task));
  await bed.start({ isolation: 'none' });
  await bed.server.until(() => bed.server.reports.length > 0);
  expect(bed.server.reports[0]).toMatchObject({
    state: 'downloading',
    detail: expect.stringContaining(new Date(window.fromSeconds * 1_000).toISOString().slice(0, 19)),
  });
  bed.server.tasks = [];
  const forged = trust.task(testTask('d2', built));
  bed.server.offer(built, { ...forged, switchWindows });
  expect(await bed.server.ending('d2')).toMatchObject({ state: 'failed', error: { class: 'integrity' } });
});
