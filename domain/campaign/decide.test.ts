import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decide, type CampaignAction } from './decide.js';
import { breachOf } from './error-budget.js';
import { passingClasses } from './error-class.js';
import { newCampaignStatus, type CampaignFacts, type CampaignStatus, type PhaseFacts } from './facts.js';
import { campaignVerbs, isCampaignEnded } from './state.js';
import type { Strategy } from './strategy.js';
import { SimulatedCampaign } from './testing/simulated-campaign.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const phase = (some: Partial<PhaseFacts> = {}): PhaseFacts => ({
  name: 'canary',
  startedAtMs: null,
  lastSliceAtMs: null,
  lastRetryAtMs: null,
  notBegun: 0,
  startable: 0,
  open: 0,
  withdrawable: 0,
  succeeded: 0,
  failed: [],
  left: 0,
  lastEndedAtMs: null,
  unhealthy: 0,
  healthy: 0,
  window: null,
  ...some,
});

const fresh = phase({ notBegun: 10, startable: 10, name: 'rest' });
const done = (succeeded: number, some: Partial<PhaseFacts> = {}): PhaseFacts =>
  phase({ startedAtMs: 0, lastSliceAtMs: 0, lastEndedAtMs: hourMs, succeeded, ...some });
const failed = (members: number, errorClass: 'script' | 'network' = 'script', attempts = 1) => [
  { errorClass, attempts, members, firstEndedAtMs: hourMs },
];

const facts = (phases: PhaseFacts[], some: Partial<CampaignFacts> = {}): CampaignFacts => ({
  campaignId: 'c1',
  nowMs: hourMs,
  createdAtMs: 0,
  phases,
  wishes: [],
  rollback: null,
  ...some,
});

const at = (some: Partial<CampaignStatus>): CampaignStatus => ({ ...newCampaignStatus, ...some });
const two: Strategy = { phases: [{ count: 10, name: 'canary' }] };
const decided = (strategy: Strategy, given: CampaignFacts, status = newCampaignStatus) => {
  const decision = decide(strategy, status, given);
  return { state: decision.status.state, reason: decision.status.reason, action: decision.action };
};

describe('phases', () => {
  test('the first begins at once, and a gateway of it is lost after a day of silence', () => {
    expect(decided(two, facts([{ ...fresh, name: 'canary' }, fresh]))).toEqual({
      state: 'running',
      reason: null,
      action: { do: 'start-slice', phase: 0, most: null, deadlineSeconds: 86_400 },
    });
  });

  test('the next begins when nothing of the one before is open', () => {
    const open = done(9, { open: 1 });
    expect(decided(two, facts([open, fresh])).action.do).toBe('wait');
    expect(decided(two, facts([done(10), fresh])).action).toMatchObject({ do: 'start-slice', phase: 1 });
  });

  test('one whose gateways have all left is passed over', () => {
    expect(decided(two, facts([phase({ left: 10 }), fresh])).action).toMatchObject({ phase: 1 });
  });

  test.each([
    ['all succeeded', [done(10), done(10)], 'succeeded'],
    ['some failed', [done(10), done(9, { failed: failed(1) })], 'partly'],
    ['all failed', [done(0, { failed: failed(10) }), done(0, { failed: failed(10) })], 'failed'],
    ['what left does not count', [done(9, { left: 1 }), done(10)], 'succeeded'],
  ])('at the end: %s', (_what, phases, state) => {
    expect(decided(two, facts(phases))).toMatchObject({ state, action: { do: 'end' } });
  });
});

describe('a gate', () => {
  const gated: Strategy = { ...two, gate: { successShare: 0.9, bakeMinutes: 30 } };

  test('that does not hold halts the campaign, and says why', () => {
    expect(decided(gated, facts([done(8, { failed: failed(2) }), fresh]))).toMatchObject({
      state: 'paused',
      reason: '8 of 10 gateways succeeded; a share of 0.9 is wanted',
    });
  });

  test('speaks of one gateway as of one', () => {
    const one = (some: Partial<PhaseFacts>) => [done(0, { failed: failed(1), ...some }), fresh];
    expect(decided(gated, facts(one({}))).reason).toBe('0 of 1 gateway succeeded; a share of 0.9 is wanted');
    const budget: Strategy = { ...two, errorBudget: { count: 0, onBreach: 'pause' } };
    expect(decided(budget, facts(one({}))).reason).toBe('1 gateway of the campaign failed; 0 may');
    const network = {
      ...budget,
      errorBudget: { classes: { network: { count: 0 } }, onBreach: 'pause' },
    } as const;
    expect(decided(network, facts(one({ failed: failed(1, 'network') }))).reason).toBe(
      '1 gateway (network) of the campaign failed; 0 may',
    );
  });

  test('bakes from the last end on, then waits for news, then holds', () => {
    const phases = (healthy: number) => [done(10, { healthy }), fresh];
    expect(decided(gated, facts(phases(0)))).toMatchObject({
      state: 'baking',
      action: { do: 'wait', untilMs: hourMs + 30 * minuteMs },
    });
    const later = { nowMs: hourMs + 30 * minuteMs };
    expect(decided(gated, facts(phases(8), later)).state).toBe('baking');
    expect(decided(gated, facts(phases(9), later)).action).toMatchObject({ do: 'start-slice', phase: 1 });
  });

  test('fails when too many stay silent', () => {
    const later = { nowMs: hourMs + 30 * minuteMs + 24 * hourMs };
    expect(decided(gated, facts([done(10, { healthy: 5 }), fresh], later))).toMatchObject({
      state: 'paused',
      reason: '5 of 10 gateways known to be well; a share of 0.9 is wanted, and 5 silent',
    });
  });

  test('sees what succeeded and is not well, before the time is over', () => {
    expect(decided(gated, facts([done(10, { unhealthy: 2 }), fresh])).state).toBe('paused');
  });

  test('asks for approval once, and takes it late', () => {
    const asking: Strategy = { ...two, gate: { approval: { role: 'admin' } } };
    const phases = [done(10), fresh];
    expect(decided(asking, facts(phases)).action).toEqual({ do: 'ask-approval', phase: 0, role: 'admin' });
    const asked = at({ state: 'awaiting-approval' });
    expect(decided(asking, facts(phases), asked).action).toEqual({ do: 'wait', untilMs: 720 * hourMs });
    const approve = { ordinal: 1, verb: 'approve', phase: 0, atMs: 0, by: 'ann' } as const;
    const nowMs = 500 * hourMs;
    expect(decided(asking, facts(phases, { wishes: [approve], nowMs }), asked).action).toMatchObject({
      do: 'start-slice',
      phase: 1,
    });
    const other = { ...approve, phase: 1 };
    expect(decided(asking, facts(phases, { wishes: [other] }), asked).state).toBe('awaiting-approval');
  });

  test('that somebody resumed in spite of is let pass', () => {
    const phases = [done(8, { failed: failed(2) }), fresh];
    const halted = decide(gated, newCampaignStatus, facts(phases)).status;
    const resume = { ordinal: 1, verb: 'resume', atMs: 0, by: 'ann' } as const;
    expect(decided(gated, facts(phases, { wishes: [resume] }), halted).action).toMatchObject({ phase: 1 });
  });
});

describe('the error budget', () => {
  const budget = (some: object): Strategy => ({ ...two, errorBudget: { onBreach: 'stop', ...some } });

  test.each([
    ['count', { count: 1 }, done(3, { open: 5, failed: failed(2) }), 'stopping'],
    ['at the count', { count: 2 }, done(3, { open: 5, failed: failed(2) }), 'running'],
    ['share', { share: 0.2 }, done(3, { open: 5, failed: failed(1) }), 'stopping'],
    [
      'share of a small sample',
      { share: 0.2, minimumSample: 5 },
      done(3, { open: 5, failed: failed(1) }),
      'running',
    ],
    ['class', { classes: { script: { count: 0 } } }, done(3, { open: 5, failed: failed(1) }), 'stopping'],
    [
      'another class',
      { classes: { network: { count: 0 } } },
      done(3, { open: 5, failed: failed(1) }),
      'running',
    ],
    ['health', { classes: { health: { count: 0 } } }, done(3, { open: 5, unhealthy: 1 }), 'stopping'],
  ])('%s', (_what, some, canary, state) => {
    expect(decided(budget(some), facts([canary, fresh])).state).toBe(state);
  });

  test('counts what can still be tried again only when no retry is left', () => {
    const retries = {
      classes: ['network' as const],
      most: 2,
      firstDelaySeconds: 60,
      factor: 2,
      longestDelaySeconds: 600,
    };
    const strategy = { ...budget({ count: 0 }), retries };
    const phases = (attempts: number) => [done(3, { failed: failed(1, 'network', attempts) }), fresh];
    expect(decided(strategy, facts(phases(2))).state).toBe('waiting');
    expect(decided(strategy, facts(phases(3))).state).toBe('stopped');
  });

  test('rolls back: withdraws, waits for what switches, brings back, ends', () => {
    const strategy: Strategy = { ...two, errorBudget: { count: 0, onBreach: 'roll-back-all' } };
    const canary = done(3, { failed: failed(1), open: 2, withdrawable: 1 });
    const first = decide(strategy, newCampaignStatus, facts([canary, fresh]));
    expect(first).toMatchObject({ status: { state: 'rolling-back' }, action: { do: 'withdraw' } });
    const next = (some: Partial<PhaseFacts>, rollback: CampaignFacts['rollback']) =>
      decided(strategy, facts([{ ...canary, ...some }, fresh], { rollback }), first.status);
    expect(next({ withdrawable: 0 }, null).action).toEqual({ do: 'wait', untilMs: null });
    expect(next({ withdrawable: 0, open: 0 }, null).action).toMatchObject({ do: 'roll-back', scope: 'all' });
    expect(next({ withdrawable: 0, open: 0 }, { open: 2 }).action.do).toBe('wait');
    expect(next({ withdrawable: 0, open: 0 }, { open: 0 })).toMatchObject({
      state: 'rolled-back',
      action: { do: 'end' },
    });
  });

  test('of the whole campaign forgets what was accepted, and no more', () => {
    const strategy: Strategy = { ...two, errorBudget: { count: 1, onBreach: 'pause' } };
    const phases = (members: number) => [done(3, { open: 3, failed: failed(members) }), fresh];
    const halted = decide(strategy, newCampaignStatus, facts(phases(2))).status;
    expect(halted.state).toBe('paused');
    const resume = { ordinal: 1, verb: 'resume', atMs: 0, by: 'ann' } as const;
    const resumed = decide(strategy, halted, facts(phases(2), { wishes: [resume] })).status;
    expect(resumed.state).toBe('running');
    expect(decided(strategy, facts(phases(3)), resumed).state).toBe('running');
    expect(decided(strategy, facts(phases(4)), resumed).state).toBe('paused');
  });
});

describe('windows', () => {
  test('a phase begins an hour before the first opens, and has until they all were open', () => {
    const window = { opensAtMs: 10 * hourMs, closesAtMs: 14 * hourMs };
    const phases = [{ ...fresh, window }];
    expect(decided(two, facts(phases))).toMatchObject({ state: 'waiting', action: { untilMs: 9 * hourMs } });
    expect(decided(two, facts(phases, { nowMs: 9 * hourMs })).action).toMatchObject({
      do: 'start-slice',
      deadlineSeconds: (5 + 24) * 3_600,
    });
  });

  test('are skipped by an emergency that says so', () => {
    const strategy: Strategy = {
      ...two,
      windows: { weekly: [{ days: ['mon'], from: '01:00', to: '02:00' }] },
      priority: 'emergency',
      skip: ['windows'],
    };
    expect(decided(strategy, facts([fresh])).action.do).toBe('start-slice');
  });
});

describe('speed', () => {
  const slow = (speed: Strategy['speed']): Strategy => ({
    phases: [],
    ...(speed === undefined ? {} : { speed }),
  });

  test('so many a minute begin, and the next when their minute has come', () => {
    const strategy = slow({ gatewaysPerMinute: 4 });
    expect(decided(strategy, facts([fresh])).action).toMatchObject({ do: 'start-slice', most: 4 });
    const begun = phase({
      name: 'rest',
      startedAtMs: hourMs,
      lastSliceAtMs: hourMs,
      open: 4,
      notBegun: 6,
      startable: 6,
    });
    expect(decided(strategy, facts([begun])).action).toEqual({ do: 'wait', untilMs: hourMs + minuteMs });
    const later = { nowMs: hourMs + minuteMs };
    expect(decided(strategy, facts([begun], later)).action).toMatchObject({ do: 'start-slice', most: 4 });
  });

  test('who left before the phase began does not hold it', () => {
    const phases = [{ ...fresh, left: 50 }];
    expect(decided(slow({ gatewaysPerMinute: 4 }), facts(phases)).action).toMatchObject({ most: 4 });
  });

  test('a large phase is served in fifty slices at most', () => {
    const phases = [phase({ name: 'rest', notBegun: 100_000, startable: 100_000 })];
    expect(decided(slow({ gatewaysPerMinute: 4 }), facts(phases)).action).toMatchObject({ most: 2_000 });
  });

  test('where downloads are limited, small slices are gathered for ten minutes', () => {
    const strategy = slow({ downloadsByLabel: { label: 'site', most: 1 } });
    const begun = phase({
      name: 'rest',
      startedAtMs: 0,
      lastSliceAtMs: hourMs,
      open: 99,
      notBegun: 900,
      startable: 1,
    });
    expect(decided(strategy, facts([begun])).action).toEqual({ do: 'wait', untilMs: hourMs + 10 * minuteMs });
    expect(decided(strategy, facts([{ ...begun, startable: 20 }])).action).toMatchObject({ most: null });
    expect(decided(strategy, facts([begun], { nowMs: hourMs + 10 * minuteMs })).action).toMatchObject({
      most: null,
    });
  });
});

/** Strategies of all kinds, and fleets that fail at random. */
const share = fc.constantFrom(0, 0.1, 0.3, 1);
const strategies: fc.Arbitrary<Strategy> = fc.record(
  {
    phases: fc.array(fc.record({ count: fc.integer({ min: 1, max: 5 }) }), { maxLength: 3 }),
    gate: fc.record(
      {
        successShare: share,
        bakeMinutes: fc.integer({ min: 1, max: 60 }),
        approval: fc.record({ role: fc.constant('admin' as const) }),
      },
      { requiredKeys: [] },
    ),
    errorBudget: fc.record(
      {
        share,
        count: fc.nat(5),
        onBreach: fc.constantFrom(
          'pause' as const,
          'stop' as const,
          'roll-back-phase' as const,
          'roll-back-all' as const,
        ),
      },
      { requiredKeys: ['onBreach'] },
    ),
    retries: fc.record({
      classes: fc.uniqueArray(fc.constantFrom(...passingClasses), { minLength: 1 }),
      most: fc.integer({ min: 1, max: 3 }),
      firstDelaySeconds: fc.integer({ min: 1, max: 600 }),
      factor: fc.constantFrom(1, 2),
      longestDelaySeconds: fc.constant(3_600),
    }),
    speed: fc.record(
      {
        gatewaysPerMinute: fc.integer({ min: 1, max: 3 }),
        downloadsByLabel: fc.record({ label: fc.constant('site'), most: fc.integer({ min: 1, max: 2 }) }),
      },
      { requiredKeys: [] },
    ),
    deadlineHours: fc.integer({ min: 1, max: 200 }),
    lostAfterHours: fc.integer({ min: 1, max: 24 }),
  },
  { requiredKeys: ['phases'] },
);

const runs = fc.record({
  strategy: strategies,
  seed: fc.integer(),
  sizes: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
  failureShare: share,
  wishes: fc.array(fc.record({ afterSteps: fc.nat(30), verb: fc.constantFrom(...campaignVerbs) }), {
    maxLength: 5,
  }),
});

const startActions: readonly CampaignAction['do'][] = ['start-slice', 'start-retry', 'retry-failed'];

describe('on random fleets, with random wishes', () => {
  test('a campaign ends; nothing begins after a breach, in a pause or at its end; retries have a limit', () => {
    fc.assert(
      fc.property(runs, (given) => {
        const campaign = new SimulatedCampaign(given);
        for (let steps = 0; !isCampaignEnded(campaign.status.state); steps += 1) {
          expect(steps).toBeLessThan(5_000);
          const { before, decision, facts: known } = campaign.step(steps);
          const { action, status } = decision;
          if (startActions.includes(action.do)) {
            expect(status.state).toBe('running');
            const budget = given.strategy.errorBudget;
            if (budget !== undefined && before.forgiven.length === 0 && status.forgiven.length === 0) {
              expect(breachOf(budget, campaign.spent(known))).toBeNull();
            }
            expect(known.nowMs).toBeLessThan(campaign.deadlineMs);
          }
          if (action.do === 'start-retry') {
            expect(action.attempts).toBeLessThanOrEqual(given.strategy.retries?.most ?? 0);
          }
          if (action.do === 'start-slice') {
            const begun = known.phases.slice(0, action.phase);
            expect(
              begun.every(({ open, notBegun }) => notBegun === 0 && (open === 0 || campaign.wasRetried)),
            ).toBe(true);
          }
        }
        expect(campaign.open).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  test('the same facts give the same answer, and an answer that was acted on but not stored does no harm', () => {
    fc.assert(
      fc.property(runs, fc.integer({ min: 2, max: 5 }), (given, forgetsEvery) => {
        const campaign = new SimulatedCampaign({ ...given, forgetsEvery });
        for (let steps = 0; !isCampaignEnded(campaign.status.state); steps += 1) {
          expect(steps).toBeLessThan(5_000);
          const { before, decision, facts: known } = campaign.step(steps);
          expect(decide(given.strategy, before, known)).toEqual(decision);
        }
        expect(campaign.open).toBe(0);
        expect(campaign.mostAttempts).toBeLessThanOrEqual(
          1 + (given.strategy.retries?.most ?? 0) + campaign.wishedRetries,
        );
        expect(campaign.doubleStarts).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
