/** The BusyBox agent, in root directories with BusyBox and nothing else, against a whole stack of real processes. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLeonoreClient, type LeonoreClient } from '../client/leonore-client.js';
import { startStack, type Stack } from '../stack/start-stack.js';
import { LeonoreApi } from '../testbed/api.js';
import { gatewayDirectory, makeBusyBoxRoot, type BusyBoxRoot } from '../testbed/busybox/busybox-root.js';
import { busybox, BusyBoxAgent } from './support/busybox-bed.js';

const artifacts = join(import.meta.dirname, '..', 'testbed', 'artifacts');
const ids = ['busybox-1', 'busybox-2'] as const;

(busybox === '' ? describe.skip : describe)('BusyBox agents and a whole stack', () => {
  let directory: string;
  let stack: Stack;
  let api: LeonoreApi;
  let client: LeonoreClient;
  const roots = new Map<string, BusyBoxRoot>();
  const agents = new Map<string, BusyBoxAgent>();

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leonore-busybox-'));
    stack = await startStack({ dataDir: join(directory, 'data'), nodes: 1 });
    api = new LeonoreApi(stack.api, stack.adminToken);
    client = createLeonoreClient({ server: stack.api, token: stack.adminToken });
    for (const name of ['thermo-legacy-0.9.0', 'sh-decimal-1.0.0', 'sh-decimal-2.0.0']) {
      await api.addArtifact(join(artifacts, name));
    }
    for (const id of ids) roots.set(id, await makeBusyBoxRoot(join(directory, id), busybox));
    for (const id of ids) start(id);
    await api.createDeployment({ name: 'boxes', select: 'labels.land == "busybox"' });
  }, 15 * 60_000);

  afterAll(async () => {
    for (const agent of agents.values()) await agent.end('SIGTERM');
    await stack.stop();
    await rm(directory, { recursive: true, force: true });
  }, 300_000);

  function start(id: string): BusyBoxAgent {
    const root = roots.get(id);
    if (root === undefined) throw new Error(`no root for ${id}`);
    const agent = new BusyBoxAgent(
      spawn(root.command, [...root.args, '/leonore-agent.sh'], {
        env: {
          PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
          LEONORE_SERVER: stack.api,
          LEONORE_ROOT_DIR: `/${gatewayDirectory}`,
          LEONORE_ENROLMENT_TOKEN: stack.enrolmentToken,
          LEONORE_ID: id,
          LEONORE_INTERVAL: '1',
          LEONORE_LABELS: 'land=busybox',
        },
        stdio: ['ignore', 'ignore', 'pipe'],
      }),
    );
    agents.set(id, agent);
    return agent;
  }

  async function rollOut(
    request: string,
    meanwhile: () => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    const id = await api.startRollout({ requests: [request], deployment: 'boxes', deadlineSeconds: 90 });
    await meanwhile();
    for (;;) {
      const { state, counts } = await api.rollout(id);
      if (!['requested', 'running'].includes(state)) {
        expect({ request, state, counts }).toMatchObject({
          request,
          state: 'succeeded',
          counts: { succeeded: 2 },
        });
        return;
      }
      await sleep(200);
    }
  }

  /** What lies on a gateway's disk, from outside. */
  async function onDisk(id: string): Promise<string[]> {
    const table = join(directory, id, gatewayDirectory, 'container', 'current', 'table');
    const rows = (await readFile(table, 'utf8')).trimEnd().split('\n');
    return rows.filter((row) => row !== '').map((row) => row.split('\t').slice(0, 2).join('@'));
  }

  test('register with what they measure', async () => {
    while ((await api.gateways()).length < ids.length) await sleep(100);
    const [gateway] = await api.gateways();
    expect(gateway?.profile).toMatchObject({
      software: {
        os: 'linux',
        tools: expect.arrayContaining([expect.objectContaining({ name: 'busybox' })]),
      },
      labels: { land: 'busybox' },
    });
    expect(gateway?.profile.hardware.diskFree).toBeGreaterThan(0);
  }, 300_000);

  test('install, replace though one is killed meanwhile, and obey orders', async () => {
    await rollOut('thermo-legacy@0.9.0');
    await rollOut('sh-decimal@^1');
    await rollOut('sh-decimal@^2', async () => {
      const first = agents.get(ids[0]);
      await first?.said(': install');
      await first?.end('SIGKILL');
      start(ids[0]);
    });
    for (const id of ids)
      expect((await onDisk(id)).sort()).toEqual(['sh-decimal@2.0.0', 'thermo-legacy@0.9.0']);
    await client.giveOrder({ action: 'uninstall', artifact: 'thermo-legacy', deployment: 'boxes' });
    for (;;) {
      const orders = await client.orders();
      if (orders.length === ids.length && orders.every(({ state }) => state === 'succeeded')) break;
      expect(orders.filter(({ state }) => state === 'failed' || state === 'lost')).toEqual([]);
      await sleep(200);
    }
    for (const id of ids) expect(await onDisk(id)).toEqual(['sh-decimal@2.0.0']);
    expect([...(await api.installedOn([...ids])).values()]).toEqual([
      ['sh-decimal@2.0.0'],
      ['sh-decimal@2.0.0'],
    ]);
  }, 300_000);

  test('go on when their node was killed and comes back', async () => {
    await stack.kill('node-1', 'SIGKILL');
    await rollOut('thermo-legacy@0.9.0');
    for (const id of ids)
      expect((await onDisk(id)).sort()).toEqual(['sh-decimal@2.0.0', 'thermo-legacy@0.9.0']);
  }, 300_000);
});
