/** The commands of docs/campaigns.md and docs/campaign-strategies.md, run as they stand there, and what is refused. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Campaign, CampaignPreview } from '../client/resources.js';
import { quietTemporal } from '../tests/support/quiet-temporal.js';
import { testTemporal, type TestTemporal } from '../tests/support/temporal.js';
import { testApi, testTokens, type TestApi } from '../tests/support/test-api.js';
import { addGateways, addNode, profileOf } from '../tests/support/test-repositories.js';
import { runCli } from './run-cli.js';

let temporal: TestTemporal;
let api: TestApi;
let directory: string;
let page: string;
let strategies: string;

/** Commands of a page, each as its words. */
function commandsOf(text: string): string[][] {
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);
  return blocks
    .flatMap((block) => block.trim().split('\n'))
    .map((line) =>
      [...line.replace(/ +# .*$/, '').matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
        ([, double, single, bare]) => double ?? single ?? bare ?? '',
      ),
    );
}

beforeAll(async () => {
  quietTemporal();
  temporal = await testTemporal();
  // Workflows are recorded and begun; nobody carries them out.
  api = await testApi(temporal.address, { namespace: temporal.namespace });
  const { repositories } = api;
  await addNode(repositories, 'node-1');
  await addGateways(
    repositories,
    Array.from({ length: 40 }, (_none, index) =>
      profileOf(`gw-${index}`, { labels: { building: 'b1', site: index < 10 ? 'lab' : 'hall' } }),
    ),
  );
  await repositories.artifacts.add({ name: 'thermometer', version: '2.1.0', kind: 'application' }, []);
  const { deployments } = repositories;
  await deployments.create('building', { gatewayIds: [], selector: 'labels.building == "b1"' });
  await deployments.create('nobody', { gatewayIds: [], selector: 'labels.building == "b9"' });
  directory = await mkdtemp(join(tmpdir(), 'leonore-campaigns-'));
  // The days of the page are over one day, and in the days before them no window would open.
  const read = async (name: string) =>
    (await readFile(`docs/${name}.md`, 'utf8'))
      .replaceAll('2026-12-20', '2001-12-20')
      .replaceAll('2027-01-03', '2002-01-03');
  [page, strategies] = [await read('campaigns'), await read('campaign-strategies')];
  const [, night = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  await writeFile(join(directory, 'night.yaml'), night);
}, 15 * 60_000);

afterAll(async () => {
  await api.close();
  await temporal.stop();
  await rm(directory, { recursive: true, force: true });
}, 300_000);

async function run(words: readonly string[], token: string = testTokens.admin) {
  const written = { stdout: '', stderr: '' };
  const here = words.map((word) => (word.endsWith('.yaml') ? join(directory, word) : word));
  const exitCode = await runCli(here, {
    stdout: { write: (text: string) => (written.stdout += text) },
    stderr: { write: (text: string) => (written.stderr += text) },
    env: { LEONORE_SERVER: api.address, LEONORE_TOKEN: token, XDG_DATA_HOME: directory },
  });
  return { exitCode, ...written };
}

async function told<Answer>(words: readonly string[]): Promise<Answer> {
  const { exitCode, stdout, stderr } = await run([...words, '--json']);
  expect({ words, exitCode, stderr }).toEqual({ words, exitCode: 0, stderr: '' });
  return JSON.parse(stdout) as Answer;
}

test('every command of the page does what it says, from the plan to the end', async () => {
  const commands = commandsOf(page).map(([, ...words]) => words);
  const [plan = [], start = [], ...others] = commands;
  const preview = await told<CampaignPreview>(plan);
  expect(preview.phases.map(({ name, gateways }) => [name, gateways])).toMatchObject([
    ['canary', 2],
    ['laboratory', expect.any(Number)],
    ['early', expect.any(Number)],
  ]);
  const named = (words: readonly string[]) => words.map((word) => (word === 'ID' ? preview.id : word));
  expect(await told<Campaign>(named(start))).toMatchObject({
    id: preview.id,
    selected: ['thermometer@2.1.0'],
  });
  const states: string[] = [];
  for (const words of others.slice(0, -1)) states.push((await told<Campaign>(named(words))).state);
  expect(states).toEqual(['waiting', 'paused', 'running', 'aborting']);
  const { events, strategy } = await told<Campaign>(['campaign', 'show', preview.id]);
  expect(events.filter(({ why }) => why !== null).map(({ kind, why }) => [kind, why])).toEqual([
    ['started', 'no more Fahrenheit'],
    ['pause', 'the lift is out of order'],
  ]);
  expect(strategy.gate).toEqual({ successShare: 0.95, bakeMinutes: 30 });
  const { id } = await told<Campaign>(others.at(-1) ?? []);
  expect((await told<Campaign>(['campaign', 'show', id])).strategy).toMatchObject({
    phases: [{ name: 'canary' }],
    gate: { bakeMinutes: 60 },
    errorBudget: { count: 3, onBreach: 'roll-back-all' },
  });
});

test('every command about strategies can be followed', async () => {
  const [phased, ...others] = await Promise.all(
    commandsOf(strategies).map(([, ...words]) => told<CampaignPreview>(words)),
  );
  expect(phased?.phases.map(({ gateways }) => gateways).slice(0, 2)).toEqual([1, 4]);
  expect(others.map(({ phases }) => phases.length)).toEqual([2, 1, 3, 1]);
  expect(others[1]?.phases[0]?.zones).toMatchObject([{ zone: 'Europe/Berlin', gateways: 40 }]);
});

describe('is refused with what is wrong, and nothing begins', () => {
  const start = ['campaign', 'start', 'thermometer', '--deployment', 'building'];
  const weekly = 'windows: { weekly: [{ days: [mon], from: "01:00", to: "02:00" }]';

  test.each<[string, string, string]>([
    [
      'an unknown field',
      'phases: []\nerrorBuget: {}',
      '2:1: errorBuget: unknown field "errorBuget"; did you mean "errorBudget"?',
    ],
    [
      'percentages over 100',
      'phases:\n- percent: 60\n- percent: 50',
      '3:12: phases[1].percent: the percentages add up to 110',
    ],
    ['an empty phase', 'phases:\n- count: 0', '2:10: phases[0].count: must be >= 1'],
    [
      'a zone that there is not',
      `phases: []\n${weekly}, zone: Europe/Berln }`,
      'did you mean "Europe/Berlin"?',
    ],
    [
      'a gate and a budget that contradict each other',
      'phases: []\ngate: { successShare: 0.5 }\nerrorBudget: { share: 0.1, onBreach: stop }',
      '2:23: gate.successShare: lets 0.5 fail',
    ],
    [
      'windows that never open',
      `phases: []\n${weekly}, freezes: [{ from: 2000-01-01, to: 2100-01-01 }] }`,
      'WINDOW_NEVER_OPENS',
    ],
    ['a phase that gets no gateway', 'phases:\n- count: 40\n- count: 1', '"phase 2" gets no gateway'],
  ])('%s', async (_what, strategy, expected) => {
    await writeFile(join(directory, 'wrong.yaml'), strategy);
    const before = await told<Campaign[]>(['campaign', 'list']);
    for (const words of [start, ['campaign', 'plan', ...start.slice(2)]]) {
      const { exitCode, stderr } = await run([...words, '--strategy', 'wrong.yaml']);
      expect(stderr).toContain(expected);
      expect(exitCode).toBe(2);
    }
    expect(await told<Campaign[]>(['campaign', 'list'])).toEqual(before);
  });

  test('a preset that there is not, and a deployment without gateways', async () => {
    expect((await run([...start, '--strategy', 'canari'])).stderr).toContain('did you mean "canary"?');
    const empty = ['campaign', 'start', 'thermometer', '--deployment', 'nobody', '--strategy', 'canary'];
    expect((await run(empty)).stderr).toContain('EMPTY_DEPLOYMENT');
  });

  test('approval by who has not the role that the gate names', async () => {
    const { id } = await told<Campaign>([...start, '--phase', '1', '--approval', 'admin']);
    for (const token of [testTokens.viewer, testTokens.operator])
      expect((await run(['campaign', 'approve', id, '--phase', '1'], token)).stderr).toContain(
        'APPROVAL_NOT_ALLOWED',
      );
  });

  test.each(['pause', 'resume', 'stop', 'abort', 'approve', 'rollback', 'retry'])(
    '%s of a campaign that has ended',
    async (verb) => {
      const { id } = await told<Campaign>(start);
      await api.repositories.database.campaign.update({
        where: { id },
        data: { state: 'partly', endedAt: new Date() },
      });
      const { exitCode, stderr } = await run([
        'campaign',
        verb,
        id,
        ...(verb === 'approve' ? ['--phase', '1'] : []),
      ]);
      expect(stderr).toContain('CAMPAIGN_ENDED');
      expect(exitCode).not.toBe(0);
    },
  );
});
