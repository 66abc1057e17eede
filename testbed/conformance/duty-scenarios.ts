/** What manifests, tasks and orders ask of an agent beyond installing: evidence, restarts, data, what holds together. */
import assert from 'node:assert/strict';
import type { Report, Task } from '../../domain/agent-protocol/messages.js';
import { testPackage, type TestArtifact, type TestPackage } from '../../agent/testing/test-package.js';
import type { AgentUnderTest } from './agent-under-test.js';
import { app, ends, type Scenario } from './scenario.js';

/** Its check holds when it was started so often with the same data. */
const counting = (version: string, starts: number): TestPackage =>
  app(version, 'echo x >>"$LEONORE_DATA/starts"; exec sleep 1000\n', {
    'check.sh': `test "$(wc -l <"$LEONORE_DATA/starts")" -eq ${String(starts)}\n`,
  });

const lib = (version: string): TestArtifact => ({ name: 'lib', version, files: { data: version } });

const withHealth = (version: string, health: NonNullable<TestArtifact['health']>): TestPackage =>
  app(version, undefined, {}, { health });

/** Answers requests for health on the server's own port. @returns that port */
function serveHealth({ server }: AgentUnderTest): number {
  server.intercept = (request, response) => {
    if (request.url !== '/health' && request.url !== '/ill') return false;
    response.writeHead(request.url === '/ill' ? 500 : 204).end();
    return true;
  };
  return Number(new URL(server.url).port);
}

/** An agent gives what fails its check the time to come up: these take minutes. */
export const patientScenarios: readonly Scenario[] = [
  {
    name: 'takes neither a closed port nor a refused request for evidence',
    run: async (agent) => {
      const port = serveHealth(agent);
      ends(await agent.deliver(app('1.0.0'), 'd1'), 'succeeded', ['app@1.0.0']);
      const remove = ['app@1.0.0'];
      const closed = await agent.deliver(withHealth('2.0.0', { tcp: 1 }), 'd2', { remove });
      ends(closed, 'failed', ['app@1.0.0']);
      assert.match(closed.error?.class ?? '', /^(?:health|state)$/);
      const ill = await agent.deliver(withHealth('2.0.0', { http: { port, path: '/ill' } }), 'd3', {
        remove,
      });
      ends(ill, 'failed', ['app@1.0.0'], { class: 'health' });
    },
  },
];

/** Windows of which one opens some seconds from now, by the time of this machine, which is the server's. */
function windowsFrom(seconds: number): NonNullable<Task['switchWindows']> {
  const fromSeconds = Math.ceil(Date.now() / 1_000) + seconds;
  return [
    { fromSeconds: 1, toSeconds: 2 },
    { fromSeconds, toSeconds: fromSeconds + 600 },
  ];
}

const valued = (version: string, files: TestArtifact['files'] = {}): TestPackage =>
  app(version, 'echo x >>"$LEONORE_DATA/starts"; exec sleep 1000\n', {
    // The check holds when it was started once, or its values say that it may have been twice.
    'check.sh':
      'test "$(cat "$LEONORE_VALUES/room")" != ill && test "$(wc -l <"$LEONORE_DATA/starts")" -le "$LEONORE_VALUE_MOST"\n',
    ...files,
  });

export const dutyScenarios: readonly Scenario[] = [
  {
    name: 'fetches what waits for its window, says what it waits for, and switches in it',
    run: async (agent) => {
      // From when it asks: how long it takes to start is its own affair.
      await agent.polls(1);
      const switchWindows = windowsFrom(12);
      const opensSeconds = switchWindows.at(-1)?.fromSeconds ?? 0;
      ends(await agent.deliver(app('1.0.0'), 'd1', { switchWindows }), 'succeeded', ['app@1.0.0']);
      assert.ok(Date.now() / 1_000 >= opensSeconds, 'it did not wait');
      const [first] = agent.server.reports;
      assert.equal(first?.state, 'downloading');
      const at = new Date(opensSeconds * 1_000).toISOString().replace('.000', '');
      assert.equal(first.detail, `waits for its window at ${at}`);
      const past = [{ fromSeconds: 1, toSeconds: 2 }];
      const late = await agent.deliver(app('2.0.0'), 'd2', { switchWindows: past, remove: ['app@1.0.0'] });
      ends(late, 'failed', ['app@1.0.0'], { class: 'state', step: 'window' });
      const order = await agent.server.order('o1', 'uninstall', 'app', { switchWindows: past });
      ends(order, 'failed', ['app@1.0.0'], { class: 'state', step: 'window' });
    },
  },
  {
    name: 'gives an application other values, and the former ones back when it does not work with them',
    run: async (agent) => {
      const values = { room: 'one', most: '1' };
      const configure = (id: string, given: Record<string, string>): Promise<Report> =>
        agent.server.order(id, 'configure', 'app', { values: given });
      ends(await agent.deliver(valued('1.0.0'), 'd1', { values }), 'succeeded', ['app@1.0.0']);
      // Without a reload script it is started anew.
      ends(await configure('o1', { most: '2' }), 'succeeded', ['app@1.0.0']);
      const reloading = valued('2.0.0', { 'reload.sh': 'test "$LEONORE_VALUE_ROOM" != broken\n' });
      const update = { values: { room: 'one', most: '3' }, remove: ['app@1.0.0'] };
      ends(await agent.deliver(reloading, 'd2', update), 'succeeded', ['app@2.0.0']);
      ends(await configure('o2', { room: 'two' }), 'succeeded', ['app@2.0.0']);
      ends(await configure('o3', { room: 'broken' }), 'failed', ['app@2.0.0'], {
        class: 'script',
        step: 'reload',
      });
    },
  },
  {
    name: 'connects to the port and asks what a manifest names as evidence',
    run: async (agent) => {
      const port = serveHealth(agent);
      const open = await agent.deliver(withHealth('1.0.0', { tcp: port }), 'd1');
      // One that has no means to connect says so, and installs nothing that it cannot vouch for.
      if (open.error?.class === 'state')
        ends(await agent.deliver(app('1.0.0'), 'd2'), 'succeeded', ['app@1.0.0']);
      else ends(open, 'succeeded', ['app@1.0.0']);
      const http = { port, path: '/health' };
      const well = await agent.deliver(withHealth('2.0.0', { http }), 'd3', { remove: ['app@1.0.0'] });
      ends(well, 'succeeded', ['app@2.0.0']);
    },
  },
  {
    name: 'checks for ever after, tells what it finds, and starts again what works no more',
    run: async (agent) => {
      // It works for a while, and works no more while it goes on running.
      const start = 'touch "$LEONORE_DATA/well"; sleep 3; rm "$LEONORE_DATA/well"; exec sleep 1000\n';
      const built = app(
        '1.0.0',
        start,
        { 'check.sh': 'test -f "$LEONORE_DATA/well"\n' },
        {
          health: { check: 'check.sh', periodSeconds: 1 },
        },
      );
      ends(await agent.deliver(built, 'd1'), 'succeeded', ['app@1.0.0']);
      const ill = await agent.state((state) => state.applications[0]?.check !== undefined);
      assert.equal(ill?.applications[0]?.name, 'app');
      const again = await agent.state((state) => (state.applications[0]?.restarts ?? 0) > 0);
      assert.ok((again?.applications[0]?.restarts ?? 0) > 0);
    },
  },
  {
    name: 'starts again as the manifest says, and tells of it',
    run: async (agent) => {
      const once = app('1.0.0', 'exit 0\n', {}, { restart: { policy: 'onFailure' } });
      ends(await agent.deliver(once, 'd1'), 'succeeded', ['app@1.0.0']);
      const done = await agent.state(() => true);
      assert.deepEqual(
        done?.applications.map(({ name, up, restarts }) => [name, up, restarts]),
        [['app', false, 0]],
      );
      const failing = app('2.0.0', 'exit 3\n', {}, { restart: { policy: 'onFailure' } });
      ends(await agent.deliver(failing, 'd2', { remove: ['app@1.0.0'] }), 'failed', ['app@1.0.0'], {
        class: 'health',
      });
      const crashing = app('3.0.0', 'sleep 2; exit 3\n', {}, { restart: { mostBackoffSeconds: 1 } });
      ends(await agent.deliver(crashing, 'd3', { remove: ['app@1.0.0'] }), 'succeeded', ['app@3.0.0']);
      const told = await agent.state((state) => (state.applications[0]?.restarts ?? 0) > 1);
      assert.match(told?.applications[0]?.lastExit ?? '', /3/);
    },
  },
  {
    name: 'keeps data or not as the order says, and uninstalls what goes with it',
    run: async (agent) => {
      const remove = ['app@1.0.0'];
      await agent.deliver(testPackage(lib('1.0.0')), 'd0');
      await agent.deliver(counting('1.0.0', 1), 'd1');
      ends(await agent.deliver(counting('2.0.0', 2), 'd2', { remove }), 'succeeded', [
        'app@2.0.0',
        'lib@1.0.0',
      ]);
      const kept = await agent.server.order('o1', 'uninstall', 'app', { keepData: true, also: ['lib'] });
      ends(kept, 'succeeded', []);
      ends(await agent.deliver(counting('1.0.0', 3), 'd3'), 'succeeded', ['app@1.0.0']);
      ends(await agent.server.order('o2', 'uninstall', 'app', { keepData: false }), 'succeeded', []);
      ends(await agent.deliver(counting('1.0.0', 1), 'd4'), 'succeeded', ['app@1.0.0']);
    },
  },
  {
    name: 'forgets everything when it is wiped, and goes on',
    run: async (agent) => {
      await agent.deliver(counting('1.0.0', 1), 'd1');
      await agent.server.order('o1', 'uninstall', 'app', { keepData: true });
      await agent.deliver(testPackage(lib('1.0.0')), 'd2');
      ends(await agent.server.order('o2', 'wipe', ''), 'succeeded', []);
      ends(await agent.deliver(counting('1.0.0', 1), 'd3'), 'succeeded', ['app@1.0.0']);
    },
  },
  {
    name: 'refuses an end in which what artifacts need of each other does not hold',
    run: async (agent) => {
      const requires = [{ artifact: 'app', name: 'lib', range: '^1.0.0 || >=3 <4' }];
      const both = testPackage(lib('1.2.0'), {
        name: 'app',
        version: '1.0.0',
        files: { 'start.sh': 'exec sleep 1000\n' },
      });
      ends(await agent.deliver(both, 'd1', { requires }), 'succeeded', ['app@1.0.0', 'lib@1.2.0']);
      const there = ['app@1.0.0', 'lib@1.2.0'];
      const broken = await agent.deliver(testPackage(lib('2.0.0')), 'd2', { remove: ['lib@1.2.0'] });
      ends(broken, 'failed', there, { class: 'state' });
      ends(await agent.server.order('o1', 'uninstall', 'lib'), 'failed', there, { class: 'state' });
      const allowed = await agent.deliver(testPackage(lib('3.1.0')), 'd3', { remove: ['lib@1.2.0'] });
      ends(allowed, 'succeeded', ['app@1.0.0', 'lib@3.1.0']);
    },
  },
  {
    name: 'refuses what demands to be kept from the system further than it can',
    run: async (agent) => {
      const state = await agent.state(() => true);
      for (const isolation of ['user', 'full'] as const) {
        const version = isolation === 'user' ? '1.0.0' : '2.0.0';
        const report = await agent.deliver(app(version, undefined, {}, { isolation }), isolation);
        const holds = state?.isolation === 'full' || state?.isolation === isolation;
        if (holds) assert.equal(report.state, 'succeeded', JSON.stringify(report.error));
        else
          assert.deepEqual(
            [report.state, report.error?.class, report.error?.step],
            ['failed', 'state', 'isolation'],
          );
      }
    },
  },
];
