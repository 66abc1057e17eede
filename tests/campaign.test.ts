/**
 * Campaigns on real agents, from the command line to the applications and back: the API, real workflows on a real
 * Temporal, PostgreSQL, a node's handler.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startAgent, type RunningAgent } from '../agent/start-agent.js';
import { shortTimes } from '../agent/testing/test-agent.js';
import { runCli } from '../cli/run-cli.js';
import type { Campaign } from '../client/resources.js';
import { workflowIds } from '../domain/orchestration.js';
import { tick, type InProcessLeonore } from './support/in-process-leonore.js';
import { inProcessStack, type InProcessStack } from './support/in-process-stack.js';
import { testTokens, type TestApi } from './support/test-api.js';

let stack: InProcessStack;
let api: TestApi;
let leonore: InProcessLeonore;
let directory: string;
const agents: RunningAgent[] = [];
const ids = ['gw-campaign-01', 'gw-campaign-02', 'gw-campaign-03'];

beforeAll(async () => {
  stack = await inProcessStack('campaign');
  ({ api, leonore, directory } = stack);
  await publish('1.0.0', 'exec sleep 1000');
  await publish('2.0.0', 'exec sleep 1000');
  await publish('3.0.0', 'exit 1');
  for (const id of ids) await arrive(id);
}, 15 * 60_000);

afterAll(async () => {
  for (const agent of agents) await agent.close();
  await stack.close();
}, 300_000);

/** Each start leaves a line in the data of the gateway: what ran there once. */
async function publish(version: string, work: string): Promise<void> {
  await leonore.builder.publish(
    { name: 'thermometer', version, kind: 'application', requires: [], control: { start: 'start.sh' } },
    { 'start.sh': `echo ${version} >>"$LEONORE_DATA/ran"\n${work}\n` },
  );
}

async function arrive(id: string): Promise<void> {
  agents.push(
    await startAgent({
      server: api.address,
      root: join(directory, id),
      enrolmentToken: testTokens.enrolment,
      id,
      mac: `02:00:00:00:01:${id.slice(-2)}`,
      intervalSeconds: 1,
      times: shortTimes,
    }),
  );
  const { gateways } = api.repositories;
  while ((await gateways.list(500, null)).items.every((gateway) => gateway.id !== id)) await tick();
}

async function leonoreCli(...words: string[]): Promise<Campaign> {
  let text = '';
  const write = (part: string): void => void (text += part);
  await runCli(['campaign', ...words, '--json'], {
    stdout: { write },
    stderr: { write },
    env: { LEONORE_SERVER: api.address, LEONORE_TOKEN: testTokens.admin, XDG_DATA_HOME: directory },
  });
  return JSON.parse(text) as Campaign;
}

async function start(request: string, strategy: object): Promise<string> {
  const file = join(directory, 'strategy.json');
  await writeFile(file, JSON.stringify(strategy));
  const all = ids.flatMap((id) => ['--gateway', id]);
  return (await leonoreCli('start', request, ...all, '--strategy', file)).id;
}

async function reached(id: string, ...states: string[]): Promise<Campaign> {
  for (;;) {
    const campaign = await leonoreCli('show', id);
    if (states.includes(campaign.state)) return campaign;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** Versions that each gateway has. */
async function versions(): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const id of ids) {
    const { profile } = await api.repositories.gateways.get(id);
    found[id] = (profile.installed ?? []).map(({ version }) => version);
  }
  return found;
}

/** Versions that ever ran on a gateway. */
async function everRan(id: string): Promise<Set<string>> {
  const files = await readdir(join(directory, id), { recursive: true });
  const ran = files.filter((file) => basename(file) === 'ran');
  const lines = await Promise.all(ran.map((file) => readFile(join(directory, id, file), 'utf8')));
  return new Set(lines.join('').trim().split('\n'));
}

const everywhere = (version: string) => Object.fromEntries(ids.map((id) => [id, [version]]));
const canary = { phases: [{ name: 'canary', count: 1 }] };

test('phases run one after the other; its workflow may be ended at any moment', async () => {
  const id = await start('thermometer@1.0.0', canary);
  const handle = stack.temporal.environment.client.workflow.getHandle(workflowIds.campaign(id));
  await handle.terminate('somebody pressed the button').catch(() => undefined);
  const { state, phases, rollouts } = await reached(id, 'succeeded', 'failed', 'partly');
  expect(state).toBe('succeeded');
  expect(phases.map(({ name, succeeded }) => [name, succeeded])).toEqual([
    ['canary', 1],
    ['rest', 2],
  ]);
  expect(rollouts).toHaveLength(2);
  expect(await versions()).toEqual(everywhere('1.0.0'));
}, 300_000);

test('a version that does not stay up halts it at the canary, which is as it was; the others never saw it', async () => {
  const id = await start('thermometer@3.0.0', {
    ...canary,
    errorBudget: { count: 0, onBreach: 'roll-back-all' },
  });
  const { state, phases, wayBack, events } = await reached(
    id,
    'rolled-back',
    'succeeded',
    'partly',
    'failed',
  );
  expect(state).toBe('rolled-back');
  expect(phases).toMatchObject([
    { name: 'canary', gateways: 1 },
    { name: 'rest', notBegun: 2, startedAt: null },
  ]);
  expect(wayBack).toEqual({ open: 0, left: [] });
  expect(events.map(({ kind }) => kind)).toContain('way-back-started');
  expect(await versions()).toEqual(everywhere('1.0.0'));
  const saw = [];
  for (const gatewayId of ids) if ((await everRan(gatewayId)).has('3.0.0')) saw.push(gatewayId);
  expect(saw).toHaveLength(1);
}, 300_000);

test('a person brings back what was, with who and why', async () => {
  const approved = { phases: [{ name: 'canary', count: 1, gate: { approval: { role: 'admin' } } }] };
  const id = await start('thermometer@2.0.0', approved);
  await reached(id, 'awaiting-approval');
  expect(
    Object.values(await versions())
      .flat()
      .sort(),
  ).toEqual(['1.0.0', '1.0.0', '2.0.0']);
  await leonoreCli('rollback', id, '--reason', 'it shows Fahrenheit');
  await leonoreCli('rollback', id);
  const { state, events } = await reached(id, 'rolled-back', 'succeeded', 'partly', 'failed');
  expect(state).toBe('rolled-back');
  expect(events.filter(({ kind }) => kind === 'rollback')).toMatchObject([
    { who: expect.stringMatching(/^admin /) as unknown, why: 'it shows Fahrenheit' },
  ]);
  expect(await versions()).toEqual(everywhere('1.0.0'));
  expect(await leonoreCli('pause', id)).toMatchObject({ error: { code: 'CAMPAIGN_ENDED' } });
}, 300_000);
