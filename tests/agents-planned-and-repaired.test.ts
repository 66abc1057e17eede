/**
 * Both agents against real workflows: what was planned for a state that has gone is planned anew, and damaged files of what is installed
 * are asked for again, long after the delivery that brought them.
 */
import { spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startAgent } from '../agent/start-agent.js';
import { shortTimes } from '../agent/testing/test-agent.js';
import type { NamedRange } from '../domain/artifact/manifest.js';
import { gatewayDirectory, makeBusyBoxRoot, type BusyBoxRoot } from '../testbed/busybox/busybox-root.js';
import { busybox, BusyBoxAgent } from './support/busybox-bed.js';
import { tick, type InProcessLeonore } from './support/in-process-leonore.js';
import { inProcessStack, type InProcessStack } from './support/in-process-stack.js';
import { testTokens, type TestApi } from './support/test-api.js';
import { deliveryOf, endOfOrder, uninstall } from './support/work-on-stack.js';

const patienceSeconds = 120;
const aWhile = 300_000;

/** A kind of agent: started again on one id it goes on from what its disk holds. */
interface Kind {
  /** Where its container is, below the directory of its id. */
  readonly place: string;
  start(id: string): Promise<() => Promise<unknown>>;
}

let stack: InProcessStack;
let api: TestApi;
let leonore: InProcessLeonore;
let directory: string;
let away: () => Promise<unknown> = () => Promise.resolve();
const roots = new Map<string, BusyBoxRoot>();

const kinds: readonly (readonly [string, Kind])[] = [
  [
    'the TypeScript agent',
    {
      place: '',
      async start(id) {
        const agent = await startAgent({
          server: api.address,
          root: join(directory, id),
          enrolmentToken: testTokens.enrolment,
          id,
          intervalSeconds: 1,
          isolation: 'none',
          times: shortTimes,
        });
        return () => agent.close();
      },
    },
  ],
  [
    'the BusyBox agent',
    {
      place: gatewayDirectory,
      async start(id) {
        const root = roots.get(id) ?? (await makeBusyBoxRoot(join(directory, id), busybox));
        roots.set(id, root);
        const agent = new BusyBoxAgent(
          spawn(root.command, [...root.args, '/leonore-agent.sh'], {
            env: {
              PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
              LEONORE_SERVER: api.address,
              LEONORE_ROOT_DIR: `/${gatewayDirectory}`,
              LEONORE_ENROLMENT_TOKEN: testTokens.enrolment,
              LEONORE_ID: id,
              LEONORE_INTERVAL: '1',
              LEONORE_ISOLATION: 'none',
            },
            stdio: ['ignore', 'ignore', 'pipe'],
          }),
        );
        return () => agent.end('SIGTERM');
      },
    },
  ],
];

beforeAll(async () => {
  stack = await inProcessStack('repaired');
  ({ api, leonore, directory } = stack);
  await publish('lib', '1.0.0', 'library');
  await publish('lib', '2.0.0', 'library');
  await publish('old', '1.0.0', 'application', [{ name: 'lib', version: '^1' }]);
  await publish('new', '1.0.0', 'application', [{ name: 'lib', version: '^2' }]);
}, 15 * 60_000);

afterAll(async () => {
  await stack.close();
}, aWhile);

afterEach(async () => {
  await goAway();
});

async function goAway(): Promise<void> {
  await away();
  away = () => Promise.resolve();
}

async function publish(
  name: string,
  version: string,
  kind: 'application' | 'library',
  requires: NamedRange[] = [],
): Promise<void> {
  const start = kind === 'application' ? { control: { start: 'start.sh' } } : {};
  await leonore.builder.publish(
    { name, version, kind, requires, ...start },
    { 'start.sh': `# ${name} ${version}\nexec sleep 1000\n` },
  );
}

/** Asks for a rollout and waits until the gateway has been offered what was planned for it. */
async function queue(request: string, id: string): Promise<string> {
  const rolloutId = await leonore.request(request, [id], patienceSeconds);
  while ((await api.repositories.rollouts.counts(rolloutId)).offered === 0) await tick();
  return rolloutId;
}

describe.each(kinds)('%s', (name, kind) => {
  const number = name.includes('BusyBox') ? 'b' : 't';
  const where = name.includes('BusyBox') && busybox === '' ? test.skip : test;
  const container = (id: string, ...path: string[]): string =>
    join(directory, id, kind.place, 'container', ...path);

  async function arrive(id: string): Promise<void> {
    away = await kind.start(id);
    const { gateways } = api.repositories;
    while ((await gateways.list(500, null)).items.every((gateway) => gateway.id !== id)) await tick();
  }

  async function installed(id: string): Promise<string[]> {
    const { profile } = await api.repositories.gateways.get(id);
    const told = (profile.installed ?? []).map((one) => `${one.name}@${one.version}`).sort();
    const names = await readdir(container(id, 'store'));
    expect(names.sort()).toEqual(told.map((key) => key.slice(0, key.indexOf('@'))));
    return told;
  }

  where(
    'is planned for anew when the first of two rollouts has left another state than the second was made for',
    async () => {
      const id = `gw-${number}-1`;
      await arrive(id);
      await goAway();
      const [first, second] = [await queue('old', id), await queue('new', id)];
      await arrive(id);
      expect(await deliveryOf(stack, first)).toMatchObject({ state: 'succeeded' });
      expect(await deliveryOf(stack, second)).toMatchObject({
        state: 'incompatible',
        explanation: expect.stringContaining('takes away old@1.0.0') as unknown,
      });
      expect(await installed(id)).toEqual(['lib@1.0.0', 'old@1.0.0']);
    },
    aWhile,
  );

  where(
    'gets a library again that an order before the rollout took away, and has damaged files repaired by the package',
    async () => {
      const id = `gw-${number}-2`;
      await arrive(id);
      expect(await deliveryOf(stack, await leonore.request('lib@^1', [id], patienceSeconds))).toMatchObject({
        state: 'succeeded',
      });
      await goAway();
      const order = await uninstall(stack, 'lib', id);
      const rollout = await queue('old', id);
      await arrive(id);
      expect(await endOfOrder(stack, order)).toMatchObject({ state: 'succeeded' });
      expect(await deliveryOf(stack, rollout)).toMatchObject({ state: 'succeeded' });
      expect(await installed(id)).toEqual(['lib@1.0.0', 'old@1.0.0']);

      await goAway();
      const [version = ''] = await readdir(container(id, 'store', 'old'));
      const file = container(id, 'store', 'old', version, 'start.sh');
      const whole = await readFile(file, 'utf8');
      await writeFile(file, 'exit 1\n');
      // Whoever starts looks whether what is installed is as it was promised.
      await arrive(id);
      while ((await readFile(file, 'utf8').catch(() => '')) !== whole) await tick();
      expect(await installed(id)).toEqual(['lib@1.0.0', 'old@1.0.0']);
    },
    aWhile,
  );
});
