/** The workflow of campaigns against a clock that jumps: days pass in a moment. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { isCampaignEnded, type CampaignState } from '../domain/campaign/state.js';
import { dayAt, localMs, momentOf } from '../domain/campaign/time-zone.js';
import {
  coordinatorQueue,
  workflowIds,
  workflowTypes,
  type CampaignResult,
} from '../domain/orchestration.js';
import { recordHistories } from '../tests/support/record-histories.js';
import { StandInCampaign, type CampaignBehaviour } from '../tests/support/stand-in-campaign.js';
import { jumpingClock } from '../tests/support/jumping-clock.js';

const clock = jumpingClock();

interface Scenario extends CampaignBehaviour {
  /** Name of the recorded histories. */
  readonly name: string;
  /** Whoever goes on with it is new to it, at each step. */
  readonly isAlwaysNew?: boolean;
  /** Runs while the campaign does. */
  readonly meanwhile?: (campaignId: string, campaign: StandInCampaign) => Promise<void>;
}

interface Ran {
  readonly result: CampaignResult;
  readonly campaign: StandInCampaign;
  readonly lastedMs: number;
  readonly events: number;
}

async function run(scenario: Scenario): Promise<Ran> {
  const campaignId = randomUUID();
  const campaign = new StandInCampaign(scenario, clock.environment.client.workflow, () =>
    clock.environment.currentTimeMs(),
  );
  const { isAlwaysNew = false } = scenario;
  return clock.run({ coordinator: campaign.activities(), isAlwaysNew }, async () => {
    const handle = await clock.environment.client.workflow.start(workflowTypes.campaign, {
      workflowId: workflowIds.campaign(campaignId),
      taskQueue: coordinatorQueue,
      args: [{ campaignId, artifacts: 'app@2.0.0', deployment: 'city' }],
    });
    await scenario.meanwhile?.(campaignId, campaign);
    const result = (await handle.result()) as CampaignResult;
    await recordHistories(clock.environment.client.workflow, handle.workflowId, scenario.name);
    const { startTime, closeTime, historyLength } = await handle.describe();
    return { result, campaign, lastedMs: Number(closeTime) - Number(startTime), events: historyLength };
  });
}

/**
 * Until the campaign has come to a state; time jumps meanwhile.
 * @throws Error when it ends without having come to it: a server that is slow to hold its clock lets years pass at once
 */
async function reached(campaign: StandInCampaign, state: CampaignState): Promise<void> {
  while (campaign.status.state !== state) {
    if (isCampaignEnded(campaign.status.state))
      throw new Error(`it ended ${campaign.status.state} before it was ${state}`);
    await clock.environment.sleep('5 seconds');
  }
}

const minuteMs = 60_000;

test('phases run one after the other, and the campaign succeeds', async () => {
  const { result, campaign, events } = await run({
    name: 'campaign-succeeds',
    strategy: { phases: [{ count: 2 }, { count: 3 }] },
    sizes: [2, 3, 5],
  });
  expect(result.state).toBe('succeeded');
  expect(campaign.did).toEqual(['slice 0', 'slice 1', 'slice 2', 'end']);
  expect(events).toBeLessThan(300);
});

test('a phase has to stay well for its bake time before the next begins', async () => {
  const { result, lastedMs } = await run({
    name: 'campaign-bakes',
    strategy: { phases: [{ count: 2 }], gate: { bakeMinutes: 60 } },
    sizes: [2, 3],
  });
  expect(result.state).toBe('succeeded');
  expect(lastedMs).toBeGreaterThanOrEqual(2 * 60 * minuteMs);
});

test('a canary that does not stay well halts the campaign, which brings back what was; others never saw it', async () => {
  const { result, campaign } = await run({
    name: 'campaign-canary-unwell',
    strategy: {
      phases: [{ count: 1 }],
      gate: { bakeMinutes: 10 },
      errorBudget: { count: 0, onBreach: 'roll-back-all' },
    },
    sizes: [1, 9],
    unwell: () => true,
  });
  expect(result.state).toBe('rolled-back');
  expect(campaign.did).toEqual(['slice 0', 'roll back', 'end']);
  expect(campaign.begun).toEqual([1, 0]);
});

test.each([
  ['stop', 'stopped'],
  ['roll-back-phase', 'rolled-back'],
] as const)('a budget that is used up ends it as the strategy says: %s', async (onBreach, state) => {
  const { result, campaign } = await run({
    name: `campaign-budget-${onBreach}`,
    strategy: { phases: [{ count: 4 }], errorBudget: { share: 0.25, minimumSample: 4, onBreach } },
    sizes: [4, 4],
    ends: (gateway) => (gateway < 2 ? 'health' : null),
  });
  expect(result.state).toBe(state);
  expect(campaign.begun).toEqual([4, 0]);
});

test('it pauses by itself, and goes on when somebody resumes: that accepts what failed', async () => {
  const { result, campaign } = await run({
    name: 'campaign-pauses-itself',
    strategy: { phases: [{ count: 4 }], errorBudget: { count: 0, onBreach: 'pause' } },
    sizes: [4, 4],
    ends: (gateway) => (gateway === 0 ? 'script' : null),
    meanwhile: async (id, running) => {
      await reached(running, 'paused');
      expect(running.begun).toEqual([4, 0]);
      await running.wish(id, 'resume');
    },
  });
  expect(result.state).toBe('partly');
  expect(campaign.begun).toEqual([4, 4]);
});

test('what may get better is tried again, so often and no oftener', async () => {
  const { result, campaign } = await run({
    name: 'campaign-retries',
    strategy: {
      phases: [],
      retries: { classes: ['network'], most: 2, firstDelaySeconds: 60, factor: 2, longestDelaySeconds: 600 },
    },
    sizes: [3],
    ends: (gateway, attempt) => {
      if (gateway === 0) return attempt < 2 ? 'network' : null;
      return gateway === 1 ? 'network' : null;
    },
  });
  expect(result.state).toBe('partly');
  expect(campaign.did).toEqual(['slice 0', 'retry 0 network', 'retry 0 network', 'end']);
});

test('an approval that comes late is waited for, and costs next to no history', async () => {
  const { result, campaign, events } = await run({
    name: 'campaign-approved',
    strategy: { phases: [{ count: 1, gate: { approval: { role: 'admin' } } }] },
    sizes: [1, 2],
    meanwhile: async (id, running) => {
      await reached(running, 'awaiting-approval');
      await clock.environment.sleep('5 days');
      expect(running.begun).toEqual([1, 0]);
      await running.wish(id, 'approve', 0);
    },
  });
  expect(result.state).toBe('succeeded');
  expect(campaign.did).toEqual(['slice 0', 'ask 0', 'slice 1', 'end']);
  expect(events).toBeLessThan(4_096);
});

test('an approval that never comes ends with the deadline', async () => {
  const { result, lastedMs } = await run({
    name: 'campaign-never-approved',
    strategy: { phases: [{ count: 1, gate: { approval: { role: 'admin' } } }], deadlineHours: 24 },
    sizes: [1, 2],
  });
  expect(result.state).toBe('partly');
  expect(lastedMs).toBeGreaterThanOrEqual(24 * 60 * minuteMs);
});

test.each([
  ['stop', 'stopped', ['slice 0', 'end']],
  ['abort', 'aborted', ['slice 0', 'withdraw', 'end']],
  ['rollback', 'rolled-back', ['slice 0', 'withdraw', 'roll back', 'end']],
] as const)('%s', async (verb, state, did) => {
  const { result, campaign } = await run({
    name: `campaign-${verb}`,
    strategy: { phases: [{ count: 2 }] },
    sizes: [2, 2],
    workMs: 60 * minuteMs,
    meanwhile: async (id, running) => {
      await reached(running, 'running');
      await running.wish(id, verb);
    },
  });
  expect(result.state).toBe(state);
  expect(campaign.did).toEqual(did);
});

test('a wish whose wake-up was lost is read at the next look; while paused nothing begins', async () => {
  const { result, campaign } = await run({
    name: 'campaign-silent-wish',
    strategy: { phases: [{ count: 2 }] },
    sizes: [2, 2],
    workMs: 10 * minuteMs,
    woken: false,
    meanwhile: async (id, running) => {
      await reached(running, 'running');
      await running.wish(id, 'pause');
      await clock.environment.sleep('3 hours');
      expect(running.status.state).toBe('paused');
      expect(running.begun).toEqual([2, 0]);
      await running.wish(id, 'resume');
    },
  });
  expect(result.state).toBe('succeeded');
  expect(campaign.begun).toEqual([2, 2]);
});

describe('whatever it stands on goes away', () => {
  const dayMs = 24 * 60 * minuteMs;
  /** The second of two phases is not well: all comes back. */
  const comesBack: Scenario = {
    name: 'campaign-away',
    strategy: {
      phases: [{ count: 2 }, { count: 2 }],
      gate: { bakeMinutes: 60 },
      errorBudget: { count: 0, onBreach: 'roll-back-all' },
    },
    sizes: [2, 2],
    workMs: 10 * minuteMs,
    ends: (gateway) => (gateway < 2 ? null : 'health'),
  };
  const did = ['slice 0', 'slice 1', 'roll back', 'end'];

  test.each<[string, (campaign: StandInCampaign) => boolean]>([
    ['before it has begun anything', () => true],
    ['in its first phase', ({ did: so }) => so.includes('slice 0')],
    ['while it bakes', ({ status }) => status.state === 'baking'],
    ['in its second phase', ({ did: so }) => so.includes('slice 1')],
    ['on its way back', ({ did: so }) => so.includes('roll back')],
  ])(
    'PostgreSQL for a day, %s: it is waited for, and nothing is done twice',
    async (_when, hasCome) => {
      const { result, campaign, lastedMs } = await run({
        ...comesBack,
        meanwhile: async (_id, running) => {
          while (!hasCome(running)) await clock.environment.sleep('5 seconds');
          await running.goAway(dayMs);
        },
      });
      expect(result.state).toBe('rolled-back');
      expect(campaign.did).toEqual(did);
      expect(lastedMs).toBeGreaterThanOrEqual(dayMs);
    },
    180_000,
  );

  test('the coordinator before each step: who comes next knows nothing but the history, and nothing is done twice', async () => {
    const { result, campaign } = await run({ ...comesBack, isAlwaysNew: true });
    expect(result.state).toBe('rolled-back');
    expect(campaign.did).toEqual(did);
  }, 180_000);
});

describe('windows', () => {
  /** Berlin's clocks skip an hour in the night to a Sunday. */
  const zone = 'Europe/Berlin';
  const dayMs = 24 * 60 * minuteMs;
  const offsetMs = (atMs: number) => localMs(zone, atMs) - atMs;
  const local = (atMs: number) => new Date(localMs(zone, atMs)).toISOString().slice(0, 16);

  /** Lets time jump to noon of the Saturday before clocks go forward. */
  async function untilTheSaturdayBefore(): Promise<string> {
    const nowMs = await clock.environment.currentTimeMs();
    let day = dayAt(zone, nowMs) + 2;
    const noon = (of: number) => momentOf(zone, of, 12 * 60);
    while (offsetMs(noon(day)) <= offsetMs(noon(day - 1))) day += 1;
    await clock.environment.sleep(noon(day - 1) - nowMs);
    return new Date((day - 1) * dayMs).toISOString().slice(0, 10);
  }

  test('over a change of clocks: gateways switch in the windows of their zone, a phase after the other', async () => {
    const saturday = await untilTheSaturdayBefore();
    const dayAfter = (days: number) =>
      new Date(Date.parse(saturday) + days * dayMs).toISOString().slice(0, 10);
    const { result, campaign } = await run({
      name: 'campaign-windows',
      strategy: {
        phases: [{ count: 2 }],
        windows: {
          weekly: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '02:10', to: '02:50' }],
        },
      },
      sizes: [2, 1],
      // Longer than what is left of a window.
      workMs: 60 * minuteMs,
      zone: (gateway) => (gateway === 1 ? 'America/New_York' : zone),
    });
    expect(result.state).toBe('succeeded');
    const [berlin, newYork, rest] = campaign.moments;
    if (berlin === undefined || newYork === undefined || rest === undefined)
      throw new Error('one is missing');
    // On Sunday there is no 02:10. New York is west of it: its window on Sunday is the first of the phase.
    expect(local(berlin.switchesAtMs)).toBe(`${dayAfter(2)}T02:10`);
    const newYorks = new Date(localMs('America/New_York', newYork.switchesAtMs)).toISOString();
    expect(newYorks.slice(0, 16)).toBe(`${dayAfter(1)}T02:10`);
    // Downloads begin an hour before the first window of the phase.
    expect(newYork.switchesAtMs - newYork.givenAtMs).toBeLessThanOrEqual(60 * minuteMs);
    expect(berlin.givenAtMs).toBe(newYork.givenAtMs);
    // The next phase begins when the one before has ended, and waits for its own window.
    expect(local(rest.switchesAtMs)).toBe(`${dayAfter(3)}T02:10`);
  }, 180_000);

  test('where none opens before the deadline nothing begins, and it ends', async () => {
    const { result, campaign } = await run({
      name: 'campaign-no-window',
      strategy: {
        phases: [],
        deadlineHours: 24,
        windows: {
          weekly: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '02:10', to: '02:50' }],
          // Whatever year the clock has come to by other tests.
          freezes: [{ from: '2000-01-01', to: '9999-12-31' }],
        },
      },
      sizes: [2],
    });
    expect(result.state).toBe('failed');
    expect(campaign.begun).toEqual([0]);
  }, 180_000);
});

test('days of work stay below the length of a history', async () => {
  const { result, events } = await run({
    name: 'campaign-days',
    strategy: { phases: [{ count: 2 }] },
    sizes: [2, 2],
    workMs: 2 * 24 * 60 * minuteMs,
  });
  expect(result.state).toBe('succeeded');
  expect(events).toBeLessThan(4_096);
}, 180_000);
