/** Who may do what, who did what, and how the fleet stands, from the command line. */
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildingFleet, type BuildingFleet } from '../tests/support/building-fleet.js';
import { testApi, testTokens, type TestApi } from '../tests/support/test-api.js';
import { runCli } from './run-cli.js';

let api: TestApi;
let fleet: BuildingFleet;

beforeAll(async () => {
  // Nothing listens there.
  api = await testApi('127.0.0.1:1');
  fleet = await buildingFleet(api.repositories);
}, 60_000);

afterAll(() => api.close());

async function run(words: readonly string[], token: string = testTokens.admin) {
  const written = { stdout: '', stderr: '' };
  const exitCode = await runCli(words, {
    stdout: { write: (text: string) => (written.stdout += text) },
    stderr: { write: (text: string) => (written.stderr += text) },
    env: { LEONORE_SERVER: api.address, LEONORE_TOKEN: token, XDG_DATA_HOME: tmpdir() },
  });
  return { exitCode, ...written };
}

async function told(words: readonly string[], token?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await run(words, token);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout;
}

test('a colleague gets a token for a building, and what he does with it is found', async () => {
  const scope = 'labels.building == "b1"';
  const made = await told([
    'token',
    'create',
    'anna',
    '--role',
    'operator',
    '--scope',
    scope,
    '--expires',
    '90d',
  ]);
  const token = made.trim().split('\n').at(-1) ?? '';
  expect(await told(['token', 'list'])).toContain(`operator where ${scope}`);
  const seen = JSON.parse(await told(['gateway', 'list', '--json'], token)) as { id: string }[];
  expect(seen.map(({ id }) => id)).toEqual(fleet.inside);
  expect((await run(['gateway', 'show', fleet.outside], token)).exitCode).toBe(2);
  await told(['gateway', 'label', fleet.inside[0], 'floor=2'], token);
  const about = ['audit', '--by', 'anna', '--since', '1h'];
  expect(await told(about)).toContain('changeGatewayLabels');
  const [entry] = (await told([...about, '--export'])).trim().split('\n');
  expect(JSON.parse(entry ?? '')).toMatchObject({
    principal: 'anna',
    subject: `gateways/${fleet.inside[0]}`,
  });
  await told(['token', 'revoke', 'anna', '--yes']);
  expect((await run(['gateway', 'list'], token)).stderr).toContain('UNAUTHENTICATED');
});

test.each([
  ['no role', ['token', 'create', 'x']],
  ['a scope without a role', ['token', 'create', 'x', '--scope', 'labels.a == "b"', '--grant', 'viewer']],
  ['a grant that is none', ['token', 'create', 'x', '--grant', 'root=labels.a == "b"']],
  ['a state that there is not', ['gateway', 'list', '--state', 'asleep']],
])('%s is bad usage', async (_what, words) => {
  expect((await run(words)).exitCode).toBe(2);
});

test('the fleet is counted, a gateway is shown with its history, and a delivery says why', async () => {
  expect(await told(['fleet', '--select', 'labels.building'])).toMatch(/online +\d/);
  const shown = await told(['gateway', 'show', fleet.inside[1]]);
  for (const heading of ['Installed', 'Values', 'Deliveries', 'History']) expect(shown).toContain(heading);
  expect(shown).toContain('stop app');
  expect(await told(['rollout', 'why', fleet.mixedOrder, fleet.inside[1]])).toContain(
    'offered to the gateway',
  );
  expect((await run(['rollout', 'why', fleet.ownRollout, fleet.outside])).exitCode).toBe(2);
});
