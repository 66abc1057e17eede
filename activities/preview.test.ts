/** A dry run and the steps themselves, held against each other: what is said beforehand is what happens. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Planner } from '../compute/planner.js';
import { parseRequest } from '../domain/plan/request.js';
import { previewGroup } from '../services/preview-group.js';
import { arbitraryGateway, publishApps, registerFleet } from '../tests/support/random-fleet.js';
import { testBuilder, type TestBuilder } from '../tests/support/test-builder.js';
import { testPlanning } from '../tests/support/test-pool.js';

let builder: TestBuilder;

beforeAll(async () => {
  builder = await testBuilder();
  await publishApps(builder);
}, 60_000);

afterAll(async () => builder.close());

/** What comes of a gateway, in a form that both sides can tell. */
interface Fate {
  readonly state: string;
  readonly install?: readonly string[];
  readonly remove?: readonly string[];
  readonly lacks?: string;
}

const arbitraryRequest = fc.constantFrom('app', 'app@^1', 'app@^2', 'app@3', 'lib@1.0.0', 'rival');

test('a rollout does to each gateway what its dry run says', async () => {
  const fates = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      arbitraryRequest,
      fc.array(arbitraryGateway, { minLength: 1, maxLength: 8 }),
      async (request, fleet) => {
        const ids = await registerFleet(builder.repositories, fleet);
        const said = await dryRun(request, ids);
        const done = await rollOut(request, ids);
        expect(done.fates).toEqual(said.fates);
        expect(done.built).toEqual(said.toBuild);
        for (const { state, lacks } of said.fates.values()) fates.add(lacks === undefined ? state : 'lacks');
      },
    ),
    { numRuns: 25 },
  );
  // All that can come of a gateway has come up.
  expect([...fates].sort()).toEqual(['incompatible', 'lacks', 'pending', 'succeeded']);
}, 120_000);

async function dryRun(
  request: string,
  ids: readonly string[],
): Promise<{ fates: Map<string, Fate>; toBuild: number }> {
  const { repositories, pool } = builder;
  const planner = new Planner(repositories.artifacts, pool, testPlanning);
  const groups = await planner.plan({
    requests: [parseRequest(request)],
    async *readPages() {
      for await (const page of repositories.members.pages({ gateways: ids }))
        yield page.map(({ id, profile }) => ({ member: id, profile }));
    },
    signal: new AbortController().signal,
  });
  const fates = new Map<string, Fate>();
  const toBuild = new Set<string>();
  for (const group of groups) {
    const { package: needed, configured, lacking } = await previewGroup(group, repositories);
    const [plan] = group.plans;
    const lacks = new Map(lacking.flatMap(({ keys, gatewayIds }) => gatewayIds.map((id) => [id, keys])));
    if (needed?.there === false) toBuild.add(JSON.stringify([plan?.install, plan?.tree]));
    for (const id of group.members) {
      const keys = lacks.get(id);
      if (plan === undefined) fates.set(id, { state: 'incompatible' });
      else if (keys !== undefined) fates.set(id, { state: 'failed', lacks: keys });
      else if (needed === null && !configured.includes(id)) fates.set(id, { state: 'succeeded' });
      else fates.set(id, { state: 'pending', install: plan.install, remove: plan.remove });
    }
  }
  return { fates: sorted(fates), toBuild: toBuild.size };
}

async function rollOut(
  request: string,
  ids: readonly string[],
): Promise<{ fates: Map<string, Fate>; built: number }> {
  const { rolloutId, groups } = await builder.provision(request, ids);
  const { items } = await builder.repositories.deliveryLists.ofRollout(rolloutId, 100, null);
  const fates = new Map<string, Fate>();
  for (const { gatewayId, state, error, groupId } of items) {
    const group = groups.find(({ id }) => id === groupId);
    const plan = group?.plans[group.planIndex ?? 0];
    const lacks = /has no value for ([^;]*);/.exec(
      (error as { message?: string } | null)?.message ?? '',
    )?.[1];
    if (lacks !== undefined) fates.set(gatewayId, { state, lacks });
    else if (state === 'pending')
      fates.set(gatewayId, { state, install: plan?.install ?? [], remove: plan?.remove ?? [] });
    else fates.set(gatewayId, { state });
  }
  const built = groups.flatMap(({ attempts }) => attempts).filter(({ outcome }) => outcome === 'built');
  return { fates: sorted(fates), built: built.length };
}

function sorted(fates: ReadonlyMap<string, Fate>): Map<string, Fate> {
  return new Map([...fates].sort(([one], [other]) => (one < other ? -1 : 1)));
}
