/**
 * What docs/agent-protocol.md asks of an agent, seen from outside: by the requests that it makes and the reports that it
 * sends, so that agents in any language can be held against it.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { enrolmentToken } from '../../agent/testing/device-server.js';
import { sha256, tar, testTask, type TestEntry, type TestPackage } from '../../agent/testing/test-package.js';
import type { AgentUnderTest } from './agent-under-test.js';
import { app, ends, installed, type Scenario } from './scenario.js';
import { dutyScenarios, patientScenarios } from './duty-scenarios.js';
import { faultScenarios } from './fault-scenarios.js';
import { identityScenarios } from './identity-scenarios.js';

const entry = (path: string, content = 'x'): TestEntry => ({
  path,
  mode: '0644',
  size: content.length,
  content: Buffer.from(content),
});

/** Each archive is wrong in one way. */
function hostileArchives({ entries }: TestPackage): Record<string, Buffer> {
  const last = entries.slice(-1);
  const script = last[0] ?? entry('');
  const link = tar([...entries, entry('binary/app-2.0.0/link', '')]);
  const at = link.indexOf('binary/app-2.0.0/link\0');
  link.write('2/etc', at + 156);
  link.write('        ', at + 148);
  const sum = link.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
  link.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148);
  const changed = { ...script, content: Buffer.alloc(script.size, 'x') };
  const sound = gzipSync(tar(entries));
  return {
    'a path out of the tree': gzipSync(tar([...entries, entry('binary/../../../x')])),
    'an absolute path': gzipSync(tar([...entries, entry('/x')])),
    'a file that nobody promised': gzipSync(tar([...entries, entry('binary/app-2.0.0/more')])),
    'a file that is missing': gzipSync(tar(entries.slice(0, -1))),
    'a file twice': gzipSync(tar([...entries, ...last])),
    'other content': gzipSync(tar([...entries.slice(0, -1), changed])),
    'a symbolic link': gzipSync(link),
    'bytes after the tar': gzipSync(Buffer.concat([tar(entries), randomBytes(1_024)])),
    'a byte after the archive': Buffer.concat([sound, Buffer.from('x')]),
    'no end': sound.subarray(0, -100),
    noise: randomBytes(3_000),
  };
}

/** Answers of a path are cut after so many bytes, one after the other. */
async function cutAnswers(
  agent: AgentUnderTest,
  path: string,
  answer: string,
  cuts: readonly number[],
): Promise<void> {
  let given = 0;
  agent.server.intercept = (request) => {
    const cut = cuts[given];
    if (request.url !== path || cut === undefined) return false;
    given += 1;
    request.resume();
    request.socket.end(answer.slice(0, cut));
    return true;
  };
  await agent.server.until(() => given === cuts.length || agent.hasEnded);
  agent.server.intercept = () => false;
}

const protocolScenarios: readonly Scenario[] = [
  {
    name: 'registers with the enrolment token and asks for tasks with its own',
    run: async (agent) => {
      await agent.polls(1);
      const [first] = agent.server.registrations;
      assert.equal(first?.token, enrolmentToken);
      assert.equal(first.body.profile.id, 'gw-conformance');
      assert.deepEqual(first.body.profile.installed ?? [], []);
    },
  },
  {
    name: 'installs, reports each state once and in order, and does nothing twice',
    run: async (agent) => {
      const built = app('1.0.0');
      ends(await agent.deliver(built, 'd1'), 'succeeded', ['app@1.0.0']);
      assert.deepEqual(
        agent.server.reports.map(({ sequence, state }) => [sequence, state]),
        [
          [1, 'downloading'],
          [2, 'installing'],
          [3, 'succeeded'],
        ],
      );
      const downloads = agent.server.countOf('GET', '/device/v1/packages');
      agent.server.tasks = [testTask('d1', built, { lastSequence: 7 })];
      await agent.server.until(() => agent.server.reports.some(({ sequence }) => sequence >= 8));
      assert.equal(agent.server.countOf('GET', '/device/v1/packages'), downloads);
    },
  },
  {
    name: 'sends a report again until it is acknowledged',
    run: async (agent) => {
      let refused = 0;
      agent.server.intercept = (request, response) => {
        if (request.url !== '/device/v1/reports' || refused >= 2) return false;
        refused += 1;
        request.resume();
        if (refused === 1) response.writeHead(503).end();
        else response.destroy();
        return true;
      };
      ends(await agent.deliver(app('1.0.0'), 'd1'), 'succeeded', ['app@1.0.0']);
    },
  },
  {
    name: 'returns to what was there when the new does not stay up',
    run: async (agent) => {
      ends(await agent.deliver(app('1.0.0'), 'd1'), 'succeeded', ['app@1.0.0']);
      const report = await agent.deliver(app('2.0.0', 'exit 3\n'), 'd2', { remove: ['app@1.0.0'] });
      ends(report, 'failed', ['app@1.0.0'], { class: 'health' });
      ends(await agent.deliver(app('3.0.0'), 'd3', { remove: ['app@1.0.0'] }), 'succeeded', ['app@3.0.0']);
    },
  },
  {
    name: 'carries out orders',
    run: async (agent) => {
      await agent.deliver(app('1.0.0'), 'd1');
      for (const action of ['stop', 'start'] as const) {
        ends(await agent.server.order(`o-${action}`, action, 'app'), 'succeeded', ['app@1.0.0']);
      }
      ends(await agent.server.order('o3', 'uninstall', 'app'), 'succeeded', []);
      ends(await agent.server.order('o4', 'uninstall', 'app'), 'succeeded', []);
    },
  },
  {
    name: 'refuses a plan for another state',
    run: async (agent) => {
      await agent.deliver(app('1.0.0'), 'd1');
      const report = await agent.deliver(app('2.0.0'), 'd2', {
        startState: 'another',
        remove: ['app@1.0.0'],
      });
      ends(report, 'failed', ['app@1.0.0'], { class: 'state', step: 'state-changed' });
      const { stateDigest } = report;
      assert.ok(stateDigest !== undefined, 'the report does not say which state there is');
      const again = await agent.deliver(app('2.0.0'), 'd3', {
        startState: stateDigest,
        remove: ['app@1.0.0'],
      });
      ends(again, 'succeeded', ['app@2.0.0']);
    },
  },
  {
    name: 'goes on with a download that was cut',
    run: async (agent) => {
      const built = app('1.0.0', undefined, { noise: randomBytes(300_000) });
      let cut = false;
      agent.server.intercept = (request, response) => {
        if (cut || !(request.url ?? '').includes('/packages/')) return false;
        cut = true;
        response.writeHead(200, { 'content-length': built.archive.length });
        response.write(built.archive.subarray(0, 100_000), () => response.destroy());
        return true;
      };
      ends(await agent.deliver(built, 'd1'), 'succeeded', ['app@1.0.0']);
      const ranges = agent.server.requests
        .filter(({ path }) => path.includes('/packages/'))
        .map(({ range }) => range);
      assert.match(ranges[1] ?? '', /^bytes=\d+-$/);
    },
  },
  {
    name: 'refuses every hostile archive, and keeps what is installed',
    run: async (agent) => {
      await agent.deliver(app('1.0.0'), 'd1');
      const next = app('2.0.0');
      for (const [what, archive] of Object.entries(hostileArchives(next))) {
        const built = { ...next, archive, digest: sha256(archive) };
        const report = await agent.deliver(built, what.replaceAll(' ', '-'), { remove: ['app@1.0.0'] });
        assert.deepEqual(
          [what, report.state, report.error?.class, report.error?.step, installed(report)],
          [what, 'failed', 'integrity', 'unpack', ['app@1.0.0']],
        );
      }
      ends(await agent.deliver(next, 'd2', { remove: ['app@1.0.0'] }), 'succeeded', ['app@2.0.0']);
    },
  },
  {
    name: 'outlives answers that are cut, and goes on',
    run: async (agent) => {
      await agent.polls(1);
      const body = '{"tasks":[],"profileWanted":false}';
      const answer = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${String(body.length)}\r\n\r\n${body}`;
      await cutAnswers(agent, '/device/v1/tasks', answer, [
        0,
        5,
        20,
        answer.length - body.length,
        answer.length - 1,
      ]);
      assert.ok(!agent.hasEnded, 'it has ended');
      ends(await agent.deliver(app('1.0.0'), 'd1'), 'succeeded', ['app@1.0.0']);
    },
  },
  {
    name: 'registers anew when its node is not responsible, and when its token is not known',
    run: async (agent) => {
      await agent.polls(1);
      const { server } = agent;
      const before = server.registrations.length;
      let sent = false;
      server.intercept = (request, response) => {
        if (sent || request.url !== '/device/v1/tasks') return false;
        sent = true;
        response
          .writeHead(421, { 'content-type': 'application/problem+json' })
          .end('{"code":"NOT_THIS_NODE"}');
        return true;
      };
      await server.until(() => server.registrations.length > before);
      assert.equal(server.registrations.at(-1)?.token, server.token);
      server.token = 'token-2';
      ends(await agent.deliver(app('1.0.0'), 'd1'), 'succeeded', ['app@1.0.0']);
      // A key is proof enough.
      if (server.keys.key === null) assert.equal(server.registrations.at(-1)?.token, enrolmentToken);
    },
  },
];

/** Asked of both agents here whenever tests run; the others wait long for an agent to try again. */
export const quickScenarios: readonly Scenario[] = [
  ...protocolScenarios.slice(0, 6),
  ...identityScenarios,
  ...dutyScenarios,
];

export const scenarios: readonly Scenario[] = [
  ...protocolScenarios,
  ...identityScenarios,
  ...dutyScenarios,
  ...patientScenarios,
  ...faultScenarios,
];
