/** Step iv against a real repository and real computing processes. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CancelledFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { Planner } from '../compute/planner.js';
import { puzzle } from '../domain/resolver/testing/puzzle.js';
import { testBuilder, type TestBuilder } from '../tests/support/test-builder.js';
import { addGateways, addRollout, profileOf } from '../tests/support/test-repositories.js';
import { analyzeCompatibility } from './analyze-compatibility.js';

const hard = puzzle();
/** Half of everything: the puzzle. With more of both, the first plan that comes to mind fits. */
const narrow = { hardware: { arch: 'armv7', ...hard.hardware } };
const wide = { hardware: { arch: 'armv7', diskFree: 1e12, memoryFree: 1e12 } };
let builder: TestBuilder;

beforeAll(async () => {
  builder = await testBuilder();
  for (const manifest of hard.artifacts) await builder.repositories.artifacts.add(manifest, []);
}, 60_000);

afterAll(async () => builder.close());

test('gateways whose plan is a puzzle fail as such; the others of the rollout have their package', async () => {
  const { repositories, provision } = builder;
  // As hard, with other facts: each has its own time, and is left out by itself.
  const other = { hardware: { ...narrow.hardware, arch: 'mips' }, labels: { room: '2' } };
  await addGateways(repositories, [
    profileOf('narrow-1', narrow),
    profileOf('wide-1', wide),
    profileOf('narrow-2', {
      hardware: { ...narrow.hardware, diskFree: (hard.hardware.diskFree ?? 0) + 1_024 },
    }),
    profileOf('other-1', other),
    profileOf('wide-2', wide),
  ]);
  const ids = ['narrow-1', 'narrow-2', 'other-1', 'wide-1', 'wide-2'];
  const { rolloutId, built, groups, counts } = await provision('puzzle', ids);
  expect(counts).toMatchObject({ pending: 2, failed: 3 });
  expect(built.chunks).toMatchObject([{ size: 2 }]);
  expect(groups.map(({ state, gateways }) => ({ state, gateways }))).toEqual(
    expect.arrayContaining([
      { state: 'failed', gateways: 3 },
      { state: 'built', gateways: 2 },
    ]),
  );
  const { items } = await repositories.deliveryLists.ofRollout(rolloutId, 10, null, { state: 'failed' });
  expect(items.map(({ gatewayId }) => gatewayId).sort()).toEqual(['narrow-1', 'narrow-2', 'other-1']);
  for (const { error, explanation } of items) {
    expect(error).toMatchObject({ code: 'PLANNING_TOO_HARD' });
    expect(explanation).toContain(
      'No plan that installs puzzle was found in the time that planning may take',
    );
  }
}, 120_000);

test('heartbeats go on while a puzzle is worked on, and whoever cancels it does not wait for it', async () => {
  const { repositories, pool } = builder;
  await addGateways(repositories, [profileOf('narrow-3', narrow)]);
  const rolloutId = await addRollout(repositories, ['puzzle'], ['narrow-3']);
  const planner = new Planner(repositories.artifacts, pool, { groupMs: 600_000, totalMs: 600_000 });
  const environment = new MockActivityEnvironment();
  let heartbeats = 0;
  environment.on('heartbeat', () => {
    heartbeats += 1;
    if (heartbeats === 3) environment.cancel();
  });
  const analysing = environment.run(analyzeCompatibility({ ...repositories, planner }), {
    rolloutId,
    nodeId: 'node-1',
  });
  await expect(analysing).rejects.toBeInstanceOf(CancelledFailure);
  expect(heartbeats).toBe(3);
}, 60_000);

test('a newer version takes away what was asked for only when the rollout says that it may', async () => {
  const { repositories, pool, provision } = builder;
  const { artifacts, rollouts } = repositories;
  const application = { name: 'viewer', kind: 'application' } as const;
  await artifacts.add({ ...application, version: '1.0.0' }, []);
  await artifacts.add({ ...application, version: '2.0.0', conflicts: [{ name: 'player' }] }, []);
  await artifacts.add({ name: 'player', version: '1.0.0', kind: 'application' }, []);
  const installed = [{ name: 'player', version: '1.0.0', requested: true }];
  await addGateways(repositories, [profileOf('playing', { installed })]);

  const { groups } = await provision('viewer', ['playing']);
  expect(groups[0]?.plans[0]).toMatchObject({ install: ['viewer@1.0.0'], remove: [], consent: [] });

  const rolloutId = await addRollout(repositories, ['viewer'], ['playing'], { allowRemove: true });
  const planner = new Planner(artifacts, pool, { groupMs: 60_000, totalMs: 60_000 });
  await new MockActivityEnvironment().run(analyzeCompatibility({ ...repositories, planner }), {
    rolloutId,
    nodeId: 'node-1',
  });
  const [group] = await rollouts.groups(rolloutId, 10);
  expect(group?.plans[0]).toMatchObject({
    install: ['viewer@2.0.0'],
    remove: ['player@1.0.0'],
    consent: ['player@1.0.0'],
  });
});
