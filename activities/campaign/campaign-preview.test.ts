/** The preview of a campaign and the campaign itself, held against each other: started, it gives no surprise. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import fc from 'fast-check';
import { Planner } from '../../compute/planner.js';
import { siteLabelOf, strategyInForce, type Strategy } from '../../domain/campaign/strategy.js';
import { zoneOf } from '../../domain/campaign/windows.js';
import { LeonoreError } from '../../domain/errors.js';
import type { Labels } from '../../domain/gateway/labels.js';
import { parseRequest } from '../../domain/plan/request.js';
import { inTransaction } from '../../repositories/database.js';
import type { RolloutOptions } from '../../repositories/rollout-repository.js';
import { readCampaignFacts } from '../../services/campaign-facts.js';
import { requireOpenWindows } from '../../services/campaign-windows.js';
import { chooseMembers, phasesOf } from '../../services/choose-members.js';
import { previewOf, type CampaignPreview } from '../../services/preview-campaign.js';
import { selectRequested } from '../../services/select-requested.js';
import {
  arbitraryGateway,
  publishApps,
  registerFleet,
  type RandomGateway,
} from '../../tests/support/random-fleet.js';
import { testBuilder, type TestBuilder } from '../../tests/support/test-builder.js';
import { endWork } from '../../tests/support/test-campaigns.js';
import { testPlanning } from '../../tests/support/test-pool.js';
import { carryOutDecision } from './carry-out-decision.js';

let builder: TestBuilder;

beforeAll(async () => {
  builder = await testBuilder();
  await publishApps(builder);
}, 60_000);

afterAll(async () => builder.close());

/** Half an hour from now, and so from any edge of a window: none passes while a test runs. */
const edge = `:${String((new Date().getUTCMinutes() + 30) % 60).padStart(2, '0')}`;
const arbitraryHour = fc.integer({ min: 0, max: 23 }).map((hour) => String(hour).padStart(2, '0') + edge);
const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const arbitraryStrategy: fc.Arbitrary<Strategy> = fc.record(
  {
    phases: fc.array(
      fc.oneof(
        fc.record({ count: fc.integer({ min: 1, max: 3 }) }),
        fc.record({ percent: fc.integer({ min: 1, max: 40 }) }),
        fc.constant({ select: 'labels.site == "a"' }),
      ),
      { maxLength: 2 },
    ),
    windows: fc.record(
      {
        zone: fc.constantFrom('UTC', 'Europe/Berlin'),
        zoneLabel: fc.constant('tz'),
        weekly: fc.array(
          fc.record({
            days: fc.subarray([...days], { minLength: 1 }),
            from: arbitraryHour,
            to: arbitraryHour,
          }),
          { minLength: 1, maxLength: 2 },
        ),
      },
      { requiredKeys: ['weekly', 'zoneLabel'] },
    ),
    retries: fc.constant({
      classes: ['network' as const],
      most: 2,
      firstDelaySeconds: 60,
      factor: 2,
      longestDelaySeconds: 600,
    }),
    speed: fc.constant({ downloadsByLabel: { label: 'line', most: 1 } }),
    deadlineHours: fc.integer({ min: 1, max: 200 }),
  },
  { requiredKeys: ['phases'] },
);

const arbitraryMember = fc
  .tuple(
    arbitraryGateway,
    fc.record(
      {
        site: fc.constantFrom('a', 'b'),
        line: fc.constantFrom('1', '2'),
        tz: fc.constantFrom('Asia/Tokyo', 'America/New_York', 'Mars/Base'),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([gateway, labels]) => ({ ...gateway, labels }));

const ready: RandomGateway = {
  arch: 'armv7',
  app: null,
  wanted: false,
  lib: null,
  rival: false,
  keys: ['site', 'owner'],
};
/** Of each kind one, in three time zones and one that there is not. */
const example: [string, Strategy, (RandomGateway & { readonly labels: Labels })[], object] = [
  'app',
  {
    phases: [{ count: 1 }],
    windows: {
      zone: 'UTC',
      zoneLabel: 'tz',
      weekly: [{ days: [...days], from: `02${edge}`, to: `04${edge}` }],
    },
    speed: { downloadsByLabel: { label: 'line', most: 1 } },
  },
  [
    { ...ready, labels: { tz: 'Asia/Tokyo', line: '1' } },
    { ...ready, labels: { tz: 'America/New_York', line: '1' } },
    { ...ready, labels: { tz: 'Mars/Base' } },
    { ...ready, labels: {} },
    { ...ready, app: '1.0.0', keys: [], labels: { line: '2' } },
    { ...ready, arch: 'x86_64', app: '4.0.0', labels: { line: '2' } },
  ],
  {},
];

/** What is told of a phase beforehand and seen of it afterwards, each list in an order of its own. */
interface PhaseTold {
  readonly name: string;
  readonly gatewayIds: readonly string[];
  readonly zones: readonly string[];
  /** Gateways by what they are given, and how many of them lack values. */
  readonly groups: readonly string[];
  readonly toBuild: number;
  /** Gateways that fetch over each line. */
  readonly lines: readonly string[];
  /** Null while packages are still to be built: then bytes are what their plans say. */
  readonly bytes: number | null;
}

test('each phase gets what its preview says: gateways, windows, plans, removals, values that lack, bytes over each line', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('app', 'app@^1', 'app@^2', 'rival'),
      arbitraryStrategy,
      fc.array(arbitraryMember, { minLength: 2, maxLength: 7 }),
      fc.record({ allowRemove: fc.constant(true), allowDowngrade: fc.constant(true) }, { requiredKeys: [] }),
      async (request, strategy, fleet, allowed) => {
        const ids = await registerFleet(builder.repositories, fleet);
        const labels = new Map(ids.map((id, index) => [id, fleet[index]?.labels ?? {}]));
        const asked = {
          id: randomUUID(),
          requests: [request],
          selected: await selectRequested(builder.repositories.artifacts, [request]),
          target: { gateways: ids },
          strategy,
          options: { deadlineSeconds: 3_600, ...allowed } as RolloutOptions,
        };
        const told = await outcome(() => preview(asked));
        const begun = await outcome(() => begin(asked));
        if (typeof told === 'string' || typeof begun === 'string') {
          expect([told, begun]).toEqual([told, told]);
          seen.add(typeof told === 'string' ? told : 'begun');
          return;
        }
        const isBuilt = told.work.every(({ packagesToBuild }) => packagesToBuild === 0);
        expect(await run(asked, labels, isBuilt)).toEqual(phasesTold(told, isBuilt));
        for (const { kind } of told.risks) seen.add(kind);
        if (isBuilt) seen.add('bytes');
        if (told.phases.some(({ zones }) => zones.length > 1)) seen.add('zones');
      },
    ),
    { numRuns: 10, examples: [example] },
  );
  // What it is about has come up.
  expect([...seen]).toEqual(expect.arrayContaining(['lacking-values', 'no-plan', 'unknown-zone', 'zones']));
}, 300_000);

type Asked = Parameters<TestBuilder['repositories']['campaigns']['create']>[0];

/** What comes of an attempt; the code of what it is refused with. */
async function outcome<T>(attempt: () => Promise<T>): Promise<T | string> {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof LeonoreError)) throw error;
    return error.code;
  }
}

function preview(asked: Asked): Promise<CampaignPreview> {
  const { repositories, pool } = builder;
  const planner = new Planner(repositories.artifacts, pool, testPlanning);
  return previewOf(repositories, asked, () =>
    planner.plan({
      requests: asked.selected.map(parseRequest),
      allowRemove: asked.options.allowRemove ?? false,
      allowDowngrade: asked.options.allowDowngrade ?? false,
      async *readPages() {
        for await (const page of repositories.members.pages(asked.target))
          yield page.map(({ id, profile }) => ({ member: id, profile }));
      },
      signal: new AbortController().signal,
    }),
  );
}

/** As the API begins a campaign, and its workflow has its members chosen. */
async function begin(asked: Asked): Promise<void> {
  const { repositories } = builder;
  await phasesOf(repositories, asked);
  await requireOpenWindows(repositories, asked);
  await inTransaction(repositories.database, (tx) =>
    repositories.campaigns.create(asked, { who: 'test', why: null }, tx),
  );
  await chooseMembers(repositories, await repositories.campaigns.get(asked.id));
}

function phasesTold({ phases, work }: CampaignPreview, isBuilt: boolean): PhaseTold[] {
  return phases.map(({ name, gatewayIds, zones }, index) => {
    const { groups = [], packagesToBuild = 0, sites = [], downloadBytes = 0 } = work[index] ?? {};
    return {
      name,
      gatewayIds: [...gatewayIds].sort(),
      zones: zones
        .map(({ zone, gateways, opensAtMs, closesAtMs }) => `${zone} ${gateways} ${opensAtMs} ${closesAtMs}`)
        .sort(),
      groups: groupsTold(
        groups.map(({ install, remove, explanation, gateways, lacking }) => ({
          plan: explanation === null ? { install, remove } : null,
          gateways,
          lacking,
        })),
      ),
      toBuild: packagesToBuild,
      lines: sites.map(({ site, gateways }) => `${site} ${gateways}`).sort(),
      bytes: isBuilt ? downloadBytes : null,
    };
  });
}

interface Given {
  readonly plan: { readonly install: readonly string[]; readonly remove: readonly string[] } | null;
  readonly gateways: number;
  readonly lacking: number;
}

/** Gateways that are given the same are told together, wherever they stand. */
function groupsTold(groups: readonly Given[]): string[] {
  const told = new Map<string, { gateways: number; lacking: number }>();
  for (const { plan, gateways, lacking } of groups) {
    const key = plan === null ? 'no plan' : `+ ${plan.install.join(' ')} - ${plan.remove.join(' ')}`;
    const known = told.get(key) ?? { gateways: 0, lacking: 0 };
    told.set(key, { gateways: known.gateways + gateways, lacking: known.lacking + lacking });
  }
  return [...told]
    .map(([key, { gateways, lacking }]) => `${key}: ${gateways}, of which ${lacking} lack values`)
    .sort();
}

/** Goes through the phases, all of whose gateways succeed. */
async function run(
  { id, strategy }: Asked,
  labels: ReadonlyMap<string, Labels>,
  isBuilt: boolean,
): Promise<PhaseTold[]> {
  const { repositories } = builder;
  const carry = carryOutDecision({
    repositories,
    rolloutClient: { start: async () => undefined, cancel: async () => undefined },
  });
  const facts = async () =>
    (await readCampaignFacts(repositories, await repositories.campaigns.get(id), { ask: false })).phases;
  const phases: PhaseTold[] = [];
  for (const [index, { name }] of (await facts()).entries()) {
    const seen = new SeenPhase(strategy, labels);
    while (((await facts())[index]?.notBegun ?? 0) > 0) {
      const action = { do: 'start-slice', phase: index, most: null, deadlineSeconds: 3_600 } as const;
      const { status } = await repositories.campaigns.get(id);
      await new MockActivityEnvironment().run(carry, { campaignId: id, decision: { action, status } });
      const rolloutId = (await repositories.campaignWork.list(id, 100)).at(-1)?.id ?? '';
      await repositories.members.addDeliveries(rolloutId, await repositories.rollouts.target(rolloutId));
      await builder.build(rolloutId);
      await seen.take(rolloutId);
      await endWork(repositories, id, [...labels.keys()], 'succeeded');
    }
    phases.push(seen.told(name, isBuilt));
  }
  return phases;
}

/** What is seen of a phase in its rollouts: the limit of a line makes several. */
class SeenPhase {
  private readonly gatewayIds: string[] = [];
  private readonly zones = new Map<string, number>();
  private readonly groups: Given[] = [];
  private readonly lines = new Map<string, number>();
  private toBuild = 0;
  private bytes = 0;

  constructor(
    private readonly strategy: Strategy,
    private readonly labels: ReadonlyMap<string, Labels>,
  ) {}

  async take(rolloutId: string): Promise<void> {
    const { repositories } = builder;
    const { items } = await repositories.deliveryLists.ofRollout(rolloutId, 100, null);
    const groups = await repositories.rollouts.groups(rolloutId, 100);
    const windows = await repositories.database.rolloutWindow.findMany({ where: { rolloutId } });
    this.toBuild += groups
      .flatMap(({ attempts }) => attempts)
      .filter((one) => one.outcome === 'built').length;
    for (const { gatewayId, state, error, groupId } of items) {
      const labels = this.labels.get(gatewayId) ?? {};
      this.gatewayIds.push(gatewayId);
      this.takeWindow(labels, windows);
      const group = groups.find((one) => one.id === groupId);
      const plan = group?.plans[group.planIndex ?? 0] ?? null;
      const lacks = state === 'failed' && (error as { code?: string }).code === 'VALUE_MISSING' ? 1 : 0;
      this.groups.push({ plan, gateways: 1, lacking: lacks });
      if (lacks === 1 || plan === null || plan.install.length + plan.remove.length === 0) continue;
      const line = labels[siteLabelOf(this.strategy)] ?? '';
      this.lines.set(line, (this.lines.get(line) ?? 0) + 1);
      this.bytes += (await repositories.packages.get(group?.packageId ?? '')).sizeBytes;
    }
  }

  told(name: string, isBuilt: boolean): PhaseTold {
    return {
      name,
      gatewayIds: this.gatewayIds.sort(),
      zones: [...this.zones].map(([zone, gateways]) => zone.replace('#', String(gateways))).sort(),
      groups: groupsTold(this.groups),
      toBuild: this.toBuild,
      lines: [...this.lines].map(([site, gateways]) => `${site} ${gateways}`).sort(),
      bytes: isBuilt ? this.bytes : null,
    };
  }

  /** The first window that a gateway is told. */
  private takeWindow(
    labels: Labels,
    told: readonly { value: string; label: string; windows: unknown }[],
  ): void {
    const { windows } = strategyInForce(this.strategy);
    if (windows === undefined) {
      expect(told).toEqual([]);
      return;
    }
    const own = told.find(({ value, label }) => value !== '' && value === labels[label]);
    const row = own ?? told.find(({ value }) => value === '');
    const [first] = row?.windows as { fromSeconds: number; toSeconds: number }[];
    const times = `${(first?.fromSeconds ?? 0) * 1_000} ${(first?.toSeconds ?? 0) * 1_000}`;
    const key = `${zoneOf(windows, labels).zone} # ${times}`;
    this.zones.set(key, (this.zones.get(key) ?? 0) + 1);
  }
}
