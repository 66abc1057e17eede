/** Bad networks and forgetful nodes, each on real sockets. Full disks are in full-disk.test.ts. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentProcess } from './testing/agent-process.js';
import { DeviceServer, type Intercept } from './testing/device-server.js';
import { AgentBed, application, exists } from './testing/test-agent.js';
import { testPackage, testTask } from './testing/test-package.js';

let bed: AgentBed;
beforeEach(async () => {
  bed = await AgentBed.create();
});
afterEach(() => bed.close());

const built = testPackage(application('1.0.0'));

describe('reports', () => {
  test('are sent until they are acknowledged, in order, over restarts', async () => {
    bed.server.offer(built, testTask('d1', built));
    bed.server.intercept = (request, response) => {
      if (!(request.url ?? '').endsWith('/reports')) return false;
      response.writeHead(503).end();
      return true;
    };
    const agent = await bed.start();
    await bed.server.until(() => bed.server.countOf('POST', '/device/v1/reports') > 3);
    await agent.close();
    bed.server.intercept = () => false;
    await bed.start();
    await bed.server.ending('d1');
    // A step that was begun again says so again; LEONORE knows it by its number.
    const sequences = bed.server.reports.map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.toSorted());
    expect([...new Set(sequences)]).toEqual([1, 2, 3]);
  });

  test('whose answer is lost come again, and are done with once', async () => {
    bed.server.offer(built, testTask('d1', built));
    let lost = 0;
    bed.server.intercept = (request, response) => {
      if (!(request.url ?? '').endsWith('/reports') || lost >= 2) return false;
      lost += 1;
      request.resume();
      response.destroy();
      return true;
    };
    await bed.start();
    expect(await bed.server.ending('d1')).toMatchObject({ state: 'succeeded' });
    expect(await bed.text('container/data/app/started')).toBe('1.0.0\n');
  });

  test('that are refused do not keep the others', async () => {
    bed.server.offer(built, testTask('d1', built));
    let refused = 0;
    bed.server.intercept = (request, response) => {
      if (!(request.url ?? '').endsWith('/reports') || refused >= 1) return false;
      refused += 1;
      request.resume();
      response.writeHead(400).end();
      return true;
    };
    await bed.start();
    expect(await bed.server.ending('d1')).toMatchObject({ state: 'succeeded' });
  });

  test.each([
    [
      'an outcome',
      200,
      { outcomes: [{ deliveryId: 'd1', sequence: 1, outcome: 'ended', state: 'cancelled' }] },
    ],
    ['a problem', 409, { code: 'DELIVERY_ENDED' }],
    ['another problem', 404, { code: 'DELIVERY_NOT_FOUND' }],
  ])(
    'of a delivery that has ended, told by %s: nothing is installed, nothing more is said',
    async (_how, status, said) => {
      const task = testTask('d1', built);
      bed.server.offer(built, task);
      const waiting: (() => void)[] = [];
      bed.server.intercept = (request, response) => {
        const path = request.url ?? '';
        if (path.endsWith('/reports')) {
          request.resume();
          bed.server.tasks = [];
          response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(said));
          return true;
        }
        // The download would go on for ever.
        if (!path.includes('/packages/')) return false;
        response.writeHead(200);
        response.write('x');
        waiting.push(() => response.end());
        return true;
      };
      const agent = await bed.start();
      await bed.server.until(() => bed.server.countOf('POST', '/device/v1/reports') > 0);
      const polls = bed.server.countOf('GET', '/device/v1/tasks');
      await bed.server.until(() => bed.server.countOf('GET', '/device/v1/tasks') > polls + 1);
      expect(bed.server.countOf('POST', '/device/v1/reports')).toBe(1);
      expect(await bed.store()).toEqual([]);
      await bed.settled();
      await agent.close();
      for (const end of waiting) end();
    },
  );
});

describe('a gateway whose node', () => {
  test('is gone goes back to the registration address and does its work on another', async () => {
    const node = await DeviceServer.start();
    bed.server.nodeAddress = node.url;
    await bed.start();
    await node.until(() => node.countOf('GET', '/device/v1/tasks') > 0);
    await node.close();
    bed.server.nodeAddress = bed.server.url;
    bed.server.offer(built, testTask('d1', built));
    expect(await bed.server.ending('d1')).toMatchObject({ state: 'succeeded' });
    expect(bed.server.registrations.at(-1)?.token).toBe(bed.server.token);
  });

  test('is not responsible any more (421) asks at the registration address', async () => {
    await bed.start();
    await bed.server.until(() => bed.server.countOf('GET', '/device/v1/tasks') > 0);
    const before = bed.server.registrations.length;
    let sent = false;
    bed.server.intercept = (request, response) => {
      if (sent || !(request.url ?? '').endsWith('/tasks')) return false;
      sent = true;
      response.writeHead(421, { 'content-type': 'application/problem+json' }).end('{"code":"NOT_THIS_NODE"}');
      return true;
    };
    await bed.server.until(() => bed.server.registrations.length > before);
  });

  test('does not know its token any more registers with the enrolment token', async () => {
    await bed.start();
    await bed.server.until(() => bed.server.countOf('GET', '/device/v1/tasks') > 0);
    bed.server.token = 'token-2';
    bed.server.offer(built, testTask('d1', built));
    expect(await bed.server.ending('d1')).toMatchObject({ state: 'succeeded' });
    expect(JSON.parse((await bed.text('agent/identity.json')).split('\n')[0] ?? '')).toMatchObject({
      token: 'token-2',
    });
  });

  test('is away when the agent starts keeps asking, and its applications run meanwhile', async () => {
    bed.server.offer(built, testTask('d1', built));
    const agent = await bed.start();
    await bed.server.ending('d1');
    await agent.close();
    bed.server.intercept = (request, response) => {
      request.resume();
      response.writeHead(503, { 'retry-after': '0' }).end();
      return true;
    };
    const seen = bed.server.countOf('POST', '/device/v1/register');
    await bed.start();
    await bed.server.until(() => bed.server.countOf('POST', '/device/v1/register') > seen + 2);
    await bed.running();
    bed.server.intercept = () => false;
    const polls = bed.server.countOf('GET', '/device/v1/tasks');
    await bed.server.until(() => bed.server.countOf('GET', '/device/v1/tasks') > polls);
  });
});

test('while API and node are away, the gateway finds the node again though the API stays away', async () => {
  const node = await DeviceServer.start();
  bed.server.nodeAddress = node.url;
  await bed.start();
  await node.until(() => node.countOf('GET', '/device/v1/tasks') > 0);
  const away: Intercept = (request, response) => {
    request.resume();
    response.destroy();
    return true;
  };
  bed.server.intercept = away;
  node.intercept = away;
  const asked = bed.server.countOf('POST', '/device/v1/register');
  await bed.server.until(() => bed.server.countOf('POST', '/device/v1/register') > asked + 1);
  node.intercept = () => false;
  node.offer(built, testTask('d1', built));
  expect(await node.ending('d1')).toMatchObject({ state: 'succeeded' });
  await node.close();
});

describe('a gateway whose clock is wrong', () => {
  /** Another idea of what time it is, from the first line of the process on. */
  const shifted = (years: number): string => {
    const module = `const Real = Date;
      globalThis.Date = class extends Real {
        constructor(...given) { if (given.length > 0) super(...given); else super(Date.now()); }
        static now() { return Real.now() + ${years * 365.25 * 86_400_000}; }
      };`;
    return `--import=data:text/javascript,${encodeURIComponent(module)}`;
  };

  test.each([-50, 40])('by %i years does its work, and waits as long as it is asked to', async (years) => {
    bed.server.offer(built, testTask('d1', built));
    const refusedAtMs: number[] = [];
    bed.server.intercept = (request, response) => {
      if (!(request.url ?? '').endsWith('/register')) return false;
      refusedAtMs.push(performance.now());
      if (refusedAtMs.length > 1) return false;
      // A date a second from the server's own now.
      const inASecond = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 1_000).toUTCString();
      response.writeHead(503, { 'retry-after': inASecond }).end();
      return true;
    };
    const agent = AgentProcess.start(bed, { NODE_OPTIONS: shifted(years) });
    try {
      const report = await bed.server.ending('d1');
      expect(report).toMatchObject({ state: 'succeeded' });
      const aYear = new Date(report.at ?? '').getUTCFullYear() - new Date().getUTCFullYear();
      expect(Math.abs(aYear - years)).toBeLessThanOrEqual(1);
      expect((refusedAtMs[1] ?? 0) - (refusedAtMs[0] ?? 0)).toBeGreaterThanOrEqual(1_000);
    } finally {
      await agent.kill('SIGTERM');
    }
  });
});

test('what was begun to be removed is restored whole, whatever an interruption left of it', async () => {
  const old = testPackage(
    application('1.0.0', {
      files: { part: 'of it', 'uninstall.sh': 'rm part\nsleep 1000\n', 'check.sh': 'test -s part\n' },
    }),
  );
  const next = testPackage(application('2.0.0'));
  bed.server.offer(old, testTask('d1', old));
  const first = AgentProcess.start(bed);
  await bed.server.ending('d1');
  const [home = ''] = await readdir(bed.path('container/store/app'));
  const part = bed.path('container/store/app', home, 'part');
  bed.server.offer(next, testTask('d2', next, { remove: ['app@1.0.0'], removeFirst: true }));
  while (await exists(part)) await sleep(20);
  await first.kill();
  // With its archive gone as well, going on is impossible.
  for (const name of await readdir(bed.path('agent/downloads'))) await rm(bed.path('agent/downloads', name));
  const second = AgentProcess.start(bed);
  try {
    expect(await bed.server.ending('d2')).toMatchObject({
      state: 'failed',
      error: { step: 'verify' },
      installed: [{ version: '1.0.0' }],
    });
    expect(await readFile(part, 'utf8')).toBe('of it');
    await bed.running();
    await bed.settled();
    expect(bed.server.countOf('GET', `/device/v1/packages/${old.digest}`)).toBe(1);
  } finally {
    await second.kill('SIGTERM');
  }
});

describe('a package', () => {
  test('that is damaged on its way each time fails as a matter of integrity', async () => {
    bed.server.offer(built, testTask('d1', built));
    bed.server.intercept = (request, response) => {
      if (!(request.url ?? '').includes('/packages/')) return false;
      response.writeHead(200).end(Buffer.alloc(built.archive.length));
      return true;
    };
    await bed.start();
    expect(await bed.server.ending('d1')).toMatchObject({
      state: 'failed',
      error: { class: 'integrity', step: 'download' },
      installed: [],
    });
    await bed.settled();
  });

  test('that is not the promised one fails as a matter of integrity', async () => {
    const other = testPackage(application('2.0.0'));
    const task = testTask('d1', built);
    bed.server.offer(built, { ...task, package: { ...task.package, id: other.id } });
    await bed.start();
    expect(await bed.server.ending('d1')).toMatchObject({
      state: 'failed',
      error: { class: 'integrity', step: 'unpack' },
    });
    await bed.settled();
    expect(await bed.store()).toEqual([]);
  });

  test('that is gone fails as a matter of the network, once it was offered again', async () => {
    bed.server.tasks.push(testTask('d1', built));
    await bed.start();
    expect(await bed.server.ending('d1')).toMatchObject({
      state: 'failed',
      error: { class: 'network', step: 'download' },
    });
    expect(bed.server.countOf('GET', '/device/v1/packages/')).toBe(2);
  });

  test.each([404, 410])(
    'whose delivery has given way to another (%d) is no failure: the other is carried out',
    async (status) => {
      const newer = testPackage(application('2.0.0'));
      bed.server.tasks.push(testTask('d1', built));
      bed.server.intercept = (request, response) => {
        if (!(request.url ?? '').endsWith(built.digest)) return false;
        bed.server.tasks = [];
        bed.server.offer(newer, testTask('d2', newer));
        response.writeHead(status).end();
        return true;
      };
      await bed.start();
      expect(await bed.server.ending('d2')).toMatchObject({ state: 'succeeded' });
      expect(bed.server.reports.filter(({ state }) => state === 'failed')).toEqual([]);
    },
  );

  test('whose delivery has ended is dropped without a report, and nothing is left of it', async () => {
    bed.server.tasks.push(testTask('d1', built));
    let polls = 0;
    bed.server.intercept = (request, response) => {
      if (!(request.url ?? '').includes('/packages/')) return false;
      bed.server.tasks = [];
      polls = bed.server.countOf('GET', '/device/v1/tasks');
      response.writeHead(404).end();
      return true;
    };
    await bed.start();
    await bed.server.until(
      () =>
        bed.server.reports.length > 0 &&
        polls > 0 &&
        bed.server.countOf('GET', '/device/v1/tasks') > polls + 1,
    );
    expect(bed.server.reports.map(({ state }) => state)).toEqual(['downloading']);
    expect(await bed.leftovers()).toEqual([]);
  });
});

test('a package of 100 MB is installed in little memory', async () => {
  const noise = Object.fromEntries([0, 1, 2, 3].map((index) => [`noise-${index}`, randomBytes(25_000_000)]));
  const big = testPackage(application('1.0.0', { files: noise }));
  bed.server.offer(big, testTask('d1', big));
  const agent = AgentProcess.start(bed);
  try {
    expect(await bed.server.ending('d1')).toMatchObject({ state: 'succeeded' });
    const peakKb = Number(/VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${agent.pid}/status`, 'utf8'))?.[1]);
    expect(peakKb).toBeLessThan(120_000);
  } finally {
    await agent.kill('SIGTERM');
  }
}, 120_000);
