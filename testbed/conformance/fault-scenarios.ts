/** Answers that are cut at any byte, slow, repeated and in another order than they were asked for. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { problem, type Intercept } from '../../agent/testing/device-server.js';
import { testTask } from '../../agent/testing/test-package.js';
import { app, ends, type Scenario } from './scenario.js';
import type { AgentUnderTest } from './agent-under-test.js';

/** So many bytes between two cuts; primes, so that they fall on all kinds of places. */
const strides = { tasks: 11, reports: 17, register: 23 } as const;

/**
 * Cuts each second honest answer of the server's after so many bytes of what goes over the wire: an agent that hears
 * nothing whole for long rightly asks more seldom.
 */
function cutting(path: string, cuts: number[]): Intercept {
  let asked = 0;
  return (request, response) => {
    if (request.url !== path) return false;
    asked += 1;
    const cut = asked % 2 === 1 ? cuts.shift() : undefined;
    if (cut === undefined) return false;
    const { socket } = response;
    if (socket === null) return false;
    let left = cut;
    const write = socket.write.bind(socket);
    const cutWrite = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk);
      if (left > 0) write(bytes.subarray(0, left));
      left -= bytes.length;
      const done = rest.find((one) => typeof one === 'function') as (() => void) | undefined;
      done?.();
      if (left <= 0) socket.destroySoon();
      return true;
    };
    socket.write = cutWrite;
    return false;
  };
}

const everyNth = (stride: number, from: number, upTo: number): number[] =>
  Array.from({ length: Math.ceil((upTo - from) / stride) }, (_none, index) => from + index * stride);

/** The application runs all the while, and what comes afterwards is carried out. @param stir has it ask until all is cut */
async function outlives(
  agent: AgentUnderTest,
  path: string,
  cuts: number[],
  otherwise: Intercept = () => false,
  stir?: () => Promise<unknown>,
): Promise<void> {
  const { server } = agent;
  const cut = cutting(path, cuts);
  server.intercept = (request, response) => cut(request, response) || otherwise(request, response);
  if (stir === undefined) await server.until(() => cuts.length === 0 || agent.hasEnded);
  else while (cuts.length > 0 && !agent.hasEnded) await stir();
  assert.ok(!agent.hasEnded, 'it has ended');
  server.intercept = () => false;
}

export const faultScenarios: readonly Scenario[] = [
  {
    name: 'outlives answers to its polls that are cut at any byte',
    run: async (agent) => {
      await agent.deliver(app('1.0.0'), 'd1');
      await outlives(agent, '/device/v1/tasks', everyNth(strides.tasks, 0, 120));
      ends(await agent.deliver(app('2.0.0'), 'd2', { remove: ['app@1.0.0'] }), 'succeeded', ['app@2.0.0']);
    },
  },
  {
    name: 'outlives answers to its reports that are cut at any byte',
    run: async (agent) => {
      const { server } = agent;
      let orders = 0;
      // Each brings some reports.
      const order = async (): Promise<void> => {
        orders += 1;
        const action = orders % 2 === 1 ? 'stop' : 'start';
        ends(await server.order(`o${String(orders)}`, action, 'app'), 'succeeded', ['app@1.0.0']);
      };
      await agent.deliver(app('1.0.0'), 'd1');
      await outlives(agent, '/device/v1/reports', everyNth(strides.reports, 0, 110), undefined, order);
      ends(await agent.deliver(app('2.0.0'), 'd2', { remove: ['app@1.0.0'] }), 'succeeded', ['app@2.0.0']);
    },
  },
  {
    name: 'outlives answers to its registration that are cut at any byte',
    run: async (agent) => {
      const cuts = everyNth(strides.register, 0, 60);
      // Whoever has registered is sent away again.
      await outlives(agent, '/device/v1/register', cuts, ({ url }, response) => {
        if (url !== '/device/v1/tasks' || cuts.length === 0) return false;
        problem(response, 421, 'NOT_THIS_NODE');
        return true;
      });
      ends(await agent.deliver(app('1.0.0'), 'd1'), 'succeeded', ['app@1.0.0']);
    },
  },
  {
    name: 'outlives downloads that are cut, again and again, and slow',
    run: async (agent) => {
      const built = app('1.0.0', undefined, { noise: randomBytes(60_000) });
      let answers = 0;
      agent.server.intercept = (request, response) => {
        if (!(request.url ?? '').includes('/packages/') || answers >= 4) return false;
        answers += 1;
        const from = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0);
        const bytes = built.archive.subarray(from, from + 12_000);
        const more =
          from === 0
            ? {}
            : {
                'content-range': `bytes ${String(from)}-${String(built.archive.length - 1)}/${String(built.archive.length)}`,
              };
        response.writeHead(from === 0 ? 200 : 206, {
          'content-length': built.archive.length - from,
          ...more,
        });
        // In pieces, with pauses between them.
        let sent = 0;
        const timer = setInterval(() => {
          if (sent >= bytes.length) {
            clearInterval(timer);
            response.destroy();
            return;
          }
          response.write(bytes.subarray(sent, (sent += 3_000)));
        }, 100);
        return true;
      };
      ends(await agent.deliver(built, 'd1'), 'succeeded', ['app@1.0.0']);
    },
  },
  {
    name: 'takes a task that is offered twice, and one that comes again while it works, once',
    run: async (agent) => {
      const { server } = agent;
      const built = app('1.0.0', 'echo x >>"$LEONORE_DATA/starts"; exec sleep 1000\n', {
        'install.sh': 'echo x >>"$LEONORE_DATA/installs"\n',
        'check.sh': 'test "$(wc -l <"$LEONORE_DATA/installs")" -eq 1\n',
      });
      server.offer(built, testTask('d1', built), testTask('d1', built));
      ends(await server.ending('d1'), 'succeeded', ['app@1.0.0']);
      // What it says of the second of them ends that one, too, and must not end the next.
      await agent.polls(2);
      server.offer(built, testTask('d1', built, { lastSequence: 3 }));
      await server.until(() =>
        server.reports.some(({ deliveryId, sequence }) => deliveryId === 'd1' && sequence > 3),
      );
      const states = server.reports.map(({ state }) => state);
      assert.equal(states.filter((state) => state === 'downloading').length, 1);
    },
  },
  {
    name: 'carries out tasks that wait together in their order, and orders after them',
    run: async (agent) => {
      const { server } = agent;
      const [first, second] = [app('1.0.0'), app('2.0.0')];
      // It asks while both are there already.
      server.orders.push({
        deliveryId: 'o1',
        action: 'uninstall',
        artifact: 'app',
        deadline: '2030-01-01T00:00:00Z',
        lastSequence: 0,
      });
      server.offer(first, testTask('d1', first));
      server.offer(second, testTask('d2', second, { remove: ['app@1.0.0'] }));
      ends(await server.ending('o1'), 'succeeded', []);
      const ended = server.reports.filter(({ state }) => state === 'succeeded' || state === 'failed');
      assert.deepEqual([...new Set(ended.map(({ deliveryId }) => deliveryId))], ['d1', 'd2', 'o1']);
    },
  },
];
