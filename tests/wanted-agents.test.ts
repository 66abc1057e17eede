/**
 * A wanted state and values by way of the API, on both agents with a real application: a gateway that joins late is
 * staged, a changed value and a rotated secret reach it without a package, a contradiction is refused.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { LeonoreClient } from '../client/leonore-client.js';
import { StateKeeper } from '../workers/state-keeper.js';
import { busybox } from './support/busybox-bed.js';
import { tick, type InProcessLeonore } from './support/in-process-leonore.js';
import { inProcessStack, type InProcessStack } from './support/in-process-stack.js';
import { startBusyBoxGateway, startTypeScriptGateway, type RealGateway } from './support/real-gateways.js';
import { testTokens, type TestApi } from './support/test-api.js';

let stack: InProcessStack;
let api: TestApi;
let leonore: InProcessLeonore;
let keeper: StateKeeper;
let client: LeonoreClient;
const endings: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  stack = await inProcessStack('wanted-agents');
  ({ api, leonore } = stack);
  keeper = new StateKeeper({
    repositories: api.repositories,
    rolloutClient: leonore.rolloutClient,
    campaignClient: leonore.campaignClient,
    intervalMs: 250,
    logger: pino({ level: 'silent' }),
    gather: { firstMs: 300, againMs: 300 },
  });
  client = new LeonoreClient({ server: api.address, token: testTokens.operator });
}, 15 * 60_000);

afterAll(async () => {
  for (const end of endings) await end();
  await keeper.stop();
  await stack.close();
}, 300_000);

/** A gateway with one of the agents. */
interface Kind {
  readonly id: string;
  /** What the application and its values are called. */
  readonly name: string;
  /** Starts the agent. @returns the directory of its gateway */
  start(): Promise<string>;
}

const typeScript: Kind = {
  id: 'gw-1',
  name: 'sensor',
  async start() {
    return started(await startTypeScriptGateway(stack, this.id));
  },
};

const busyBox: Kind = {
  id: 'gw-2',
  name: 'meter',
  async start() {
    return started(await startBusyBoxGateway(stack, this.id));
  },
};

function started(gateway: RealGateway): string {
  endings.push(() => gateway.end());
  return gateway.root;
}

/** The application writes down what it was given, and stays up. */
async function publish(name: string, version: string): Promise<void> {
  const given = ['INTERVAL', 'TOKEN'].map((key) => `$LEONORE_VALUE_${name.toUpperCase()}_${key}`);
  await leonore.builder.publish(
    {
      name,
      version,
      kind: 'application',
      control: { start: 'start.sh' },
      values: [
        { key: `${name}_interval`, default: '60' },
        { key: `${name}_token`, default: 'none' },
      ],
    },
    { 'start.sh': `echo "${version} ${given.join(' ')}" > "$LEONORE_DATA/told"\nexec sleep 1000\n` },
  );
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await tick();
}

test.each([
  ['the agent', typeScript],
  ...(busybox === '' ? [] : [['the BusyBox agent', busyBox] as const]),
] as const)(
  'a gateway with %s that joins late is staged, and gets what changes',
  async (_agent, kind) => {
    const { id, name } = kind;
    await publish(name, '1.0.0');
    await client.createDeployment({ name: id, select: `id == "${id}"` });
    const asked = { requests: [`${name}@^1`], deployment: id, automatic: true };
    const wanted = await client.wantState(asked, id);
    expect(wanted.versions).toEqual([`${name}@1.0.0`]);
    expect((await client.wantState(asked, id)).id).toBe(wanted.id);
    const interval = `${name}_interval`;
    const set = await client.changeSharedValues({ set: { [interval]: '5', [`${interval}l`]: '6' } });
    expect(set.undeclared).toEqual([`${interval}l`]);

    const root = await kind.start();
    const told = async (text: string) => {
      const path = join(root, `container/data/${name}/told`);
      await until(async () => (await readFile(path, 'utf8').catch(() => '')).trim() === text);
    };
    await told('1.0.0 5 none');
    const held = () => until(async () => (await client.wantedState(wanted.id)).compliance.held === 1);
    await held();

    await client.changeGatewayValues(id, { set: { [interval]: '7' } });
    await told('1.0.0 7 none');
    await client.changeSharedValues({ set: { [`${name}_token`]: 'rotated' }, secret: true });
    await told('1.0.0 7 rotated');
    const { items } = await client.gatewayValues(id);
    const own = items.filter(({ key }) => key.startsWith(name));
    expect(own.map(({ key, value, level }) => [key, value, level])).toEqual([
      [interval, '7', 'gateway'],
      [`${interval}l`, '6', 'fleet'],
      [`${name}_token`, null, 'fleet'],
    ]);

    await publish(name, '1.1.0');
    await told('1.1.0 7 rotated');
    await held();
    const { rollouts } = await client.wantedState(wanted.id);
    expect(rollouts.map(({ gateways }) => gateways)).toEqual([1, 1]);

    await publish(name, '2.0.0');
    const other = { requests: [`${name}@^2`], deployment: id };
    await expect(client.wantState(other, `${id}-2`)).rejects.toMatchObject({ code: 'WANTED_STATE_CONFLICT' });
    await client.endWantedState(wanted.id);
    expect((await client.wantState(other, `${id}-2`)).versions).toEqual([`${name}@2.0.0`]);
    await told('2.0.0 7 rotated');
  },
  300_000,
);
