/** Answers that end at any byte, or stop coming: neither the agent nor its applications may notice for long. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Socket } from 'node:net';
import { AgentBed, application, shortTimes } from './testing/test-agent.js';
import { testPackage, testTask } from './testing/test-package.js';

let bed: AgentBed;
beforeEach(async () => {
  bed = await AgentBed.create();
});
afterEach(() => bed.close());

const built = testPackage(application('1.0.0'));
const times = { ...shortTimes, firstRetryMs: 1, mostRetryMs: 2, requestTimeoutMs: 500 };

const registration = JSON.stringify({
  gatewayId: 'gw',
  token: 'token-1',
  node: { id: 'node-1', address: 'http://127.0.0.1:1' },
  protocol: 'http',
  strategy: 'pull',
  pollIntervalSeconds: 0.05,
});
const head = (body: string): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\netag: "x"\r\ncontent-length: ${body.length}\r\n\r\n`;
const answers: Record<string, string> = {
  '/device/v1/register': head(registration) + registration,
  '/device/v1/tasks': `${head('{"tasks":[],"profileWanted":false}')}{"tasks":[],"profileWanted":false}`,
  '/device/v1/reports': `${head('{"outcomes":[]}')}{"outcomes":[]}`,
  '/device/v1/profile': 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{"a": "b"}',
};

/** Writes so many bytes of the answer to each request of a path in turn: one byte more each time, all but the last. */
function cutEach(path: string, end: (socket: Socket) => void, atBytes: readonly number[]): () => boolean {
  let given = 0;
  bed.server.intercept = (request) => {
    if (request.url !== path || given >= atBytes.length) return false;
    const { socket } = request;
    request.resume();
    socket.write((answers[path] ?? '').slice(0, atBytes[given]));
    given += 1;
    end(socket);
    return true;
  };
  return () => given >= atBytes.length;
}

describe.each(Object.keys(answers))('an answer to %s', (path) => {
  const answer = answers[path] ?? '';
  const everyByte = Array.from({ length: answer.length }, (_none, byte) => byte);
  // Before the head, and before the last byte of the body.
  const stalls = [0, answer.length - 1];

  test.each([
    ['is cut at every byte', everyByte, (socket: Socket) => socket.end()],
    ['is torn down in its body', stalls, (socket: Socket) => socket.resetAndDestroy()],
    ['stops coming', stalls, () => undefined],
  ])(
    'that %s ends neither the agent nor its application',
    async (_how, atBytes, end) => {
      bed.server.offer(built, testTask('d1', built));
      const agent = await bed.start({ times, profileIntervalSeconds: 0.01 });
      await bed.server.ending('d1');
      const pid = await bed.text('container/data/app/pid');
      const allGiven = cutEach(path, end, atBytes);
      if (path === '/device/v1/register') bed.server.token = 'token-2';
      while (!allGiven()) {
        bed.server.profileWanted = path === '/device/v1/profile';
        if (path === '/device/v1/reports' && bed.server.orders.length === 0) {
          void bed.server.order(`o${String(bed.server.requests.length)}`, 'start', 'app');
        }
        const seen = bed.server.requests.length;
        await bed.server.until(() => bed.server.requests.length > seen);
      }
      bed.server.intercept = () => false;
      expect(await bed.server.order('last', 'uninstall', 'nothing')).toMatchObject({ state: 'succeeded' });
      expect(await bed.text('container/data/app/pid')).toBe(pid);
      await agent.close();
    },
    60_000,
  );
});
