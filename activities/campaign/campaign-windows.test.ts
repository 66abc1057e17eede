/** From a strategy to what a gateway is told: windows of its own zone, and what comes first. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { CampaignAction } from '../../domain/campaign/decide.js';
import type { Strategy } from '../../domain/campaign/strategy.js';
import { localMs } from '../../domain/campaign/time-zone.js';
import { parseDeliveryId } from '../../domain/delivery/delivery-id.js';
import { readCampaignFacts } from '../../services/campaign-facts.js';
import { addCampaign, endWork } from '../../tests/support/test-campaigns.js';
import {
  addGateways,
  addNode,
  addRollout,
  offerPackage,
  planOf,
  profileOf,
  testRepositories,
  type TestRepositories,
} from '../../tests/support/test-repositories.js';
import { carryOutDecision } from './carry-out-decision.js';

let repositories: TestRepositories;
let ids: string[];

const dayMs = 24 * 3_600_000;
const hourMs = 3_600_000;
/** What the label of each gateway says, and the zone that it is in by that. */
const zones = [
  ['Asia/Tokyo', 'Asia/Tokyo'],
  ['America/New_York', 'America/New_York'],
  ['Mars/Base', 'Europe/Berlin'],
  [undefined, 'Europe/Berlin'],
] as const;
const nightly: Strategy = {
  phases: [],
  windows: {
    zone: 'Europe/Berlin',
    zoneLabel: 'tz',
    weekly: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '02:00', to: '04:00' }],
  },
};

beforeAll(async () => {
  repositories = await testRepositories();
  await addNode(repositories, 'node-1');
}, 60_000);

afterAll(() => repositories.close());

beforeEach(async () => {
  const prefix = randomBytes(4).toString('hex');
  ids = zones.map((_zone, index) => `${prefix}-${index}`);
  await addGateways(
    repositories,
    zones.map(([tz], index) => profileOf(ids[index] ?? '', { labels: tz === undefined ? {} : { tz } })),
  );
});

/** Carries an action out as the coordinator does, and offers what came of it. */
async function carryOut(id: string, action: CampaignAction): Promise<void> {
  const rolloutClient = { start: async () => undefined, cancel: async () => undefined };
  const carry = carryOutDecision({ repositories, rolloutClient });
  const { status } = await repositories.campaigns.get(id);
  const environment = new MockActivityEnvironment();
  const decision = { action, status };
  expect(await environment.run(carry, { campaignId: id, decision })).toMatchObject({ done: true });
  const work = (await repositories.campaignWork.list(id, 10)).at(-1);
  if (work === undefined) throw new Error('no work came of it');
  await repositories.members.addDeliveries(work.id, await repositories.rollouts.target(work.id));
  await offer(work.id);
}

async function offer(rolloutId: string): Promise<void> {
  await offerPackage(repositories, rolloutId, {
    plan: planOf(['app@2.0.0']),
    content: { digest: randomBytes(32).toString('hex'), sizeBytes: 10 },
  });
}

const slice = { do: 'start-slice', phase: 0, most: null, deadlineSeconds: 3_600 } as const;

async function taskOf(gatewayId: string) {
  const task = (await repositories.deliveries.poll([gatewayId])).get(gatewayId)?.task;
  if (task === null || task === undefined) throw new Error(`${gatewayId} has no task`);
  return task;
}

async function told(gatewayId: string) {
  return (await taskOf(gatewayId)).switchWindows;
}

test('each gateway is told the windows of the zone that its label names, otherwise of the stated one', async () => {
  const id = await addCampaign(repositories, [ids], nightly);
  await carryOut(id, slice);
  for (const [index, [, zone]] of zones.entries()) {
    const windows = await told(ids[index] ?? '');
    // A month of nights, as long as the campaign may last.
    expect(windows?.length).toBeGreaterThanOrEqual(29);
    // In a night in which clocks change a window may begin at another time; its end is at four.
    const ends = windows?.map(({ toSeconds }) => localMs(zone, toSeconds * 1_000) % dayMs);
    expect(new Set(ends)).toEqual(new Set([4 * hourMs]));
  }
});

test('a retry keeps to windows as well; without windows gateways are told none', async () => {
  const id = await addCampaign(repositories, [ids], nightly);
  await carryOut(id, slice);
  await endWork(repositories, id, ids, 'lost');
  await carryOut(id, { do: 'retry-failed', endedByMs: Date.now() + hourMs, deadlineSeconds: 3_600 });
  expect(await told(ids[0] ?? '')).toBeDefined();
  await endWork(repositories, id, ids, 'succeeded');
  await carryOut(await addCampaign(repositories, [ids]), slice);
  expect(await told(ids[0] ?? '')).toBeUndefined();
});

test('a phase opens when the first of its zones does, and each has had its window when the last closes', async () => {
  const id = await addCampaign(repositories, [ids.slice(0, 1), ids.slice(1)], nightly);
  const campaign = await repositories.campaigns.get(id);
  const { phases } = await readCampaignFacts(repositories, campaign, { ask: false });
  const [tokyo, others] = phases.map(({ window }) => window);
  expect(localMs('Asia/Tokyo', tokyo?.closesAtMs ?? 0) % dayMs).toBe(4 * hourMs);
  const opening = ['Europe/Berlin', 'America/New_York'].map(
    (zone) => localMs(zone, others?.opensAtMs ?? 0) % dayMs,
  );
  expect(opening).toContain(2 * hourMs);
});

test('the work of an emergency comes before what a gateway was given earlier and is not installing yet', async () => {
  const [busy = '', idle = ''] = ids;
  const earlier = await addRollout(repositories, ['other'], [busy, idle]);
  await offer(earlier);
  const { deliveryId } = await taskOf(busy);
  const delivery = parseDeliveryId(deliveryId);
  if (delivery === null) throw new Error(deliveryId);
  const reports = [{ deliveryId, sequence: 1, state: 'installing' as const }];
  await repositories.deliveries.report([{ gatewayId: busy, delivery, reports }]);
  const id = await addCampaign(repositories, [ids], { ...nightly, priority: 'emergency', skip: ['windows'] });
  await carryOut(id, slice);
  expect((await taskOf(busy)).rolloutId).toBe(earlier);
  const { rolloutId, switchWindows } = await taskOf(idle);
  expect(rolloutId).not.toBe(earlier);
  expect(switchWindows).toBeUndefined();
  // What it does not wait for is to be seen later.
  const [started] = await repositories.campaigns.events(id);
  expect(started).toMatchObject({ kind: 'started', detail: { priority: 'emergency', skip: ['windows'] } });
});
