import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { choosePhases } from './choose-phases.js';
import { previewCampaign, type PreviewGateway } from './preview.js';
import { isCampaignEnded } from './state.js';
import type { Strategy } from './strategy.js';
import { SimulatedCampaign } from './testing/simulated-campaign.js';

const hourMs = 3_600_000;
const monday = Date.parse('2026-06-01T12:00Z');
const gateways = (
  count: number,
  some: (index: number) => Partial<PreviewGateway> = () => ({}),
): PreviewGateway[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `gw-${index}`,
    labels: {},
    heardAtMs: monday,
    ...some(index),
  }));
const preview = (strategy: Strategy, members: PreviewGateway[], deliveryMs = 60_000) =>
  previewCampaign({
    strategy,
    campaignId: 'c1',
    gateways: members,
    selects: new Map(),
    nowMs: monday,
    deliveryMs,
  });
const after = (atMs: number | null) => (atMs === null ? null : (atMs - monday) / hourMs);

describe('a preview', () => {
  test('tells when phases begin and end: after bake times, in the windows of each zone', () => {
    const strategy: Strategy = {
      phases: [{ name: 'canary', count: 1 }],
      gate: { bakeMinutes: 60 },
      windows: {
        zoneLabel: 'tz',
        weekly: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '02:00', to: '04:00' }],
      },
    };
    const told = preview(
      strategy,
      gateways(20, (index) => ({ labels: { tz: index < 10 ? 'Europe/Berlin' : 'America/New_York' } })),
      hourMs,
    );
    const [canary, rest] = told.phases;
    expect(canary?.zones.map(({ gateways: count }) => count)).toEqual([1]);
    expect(rest?.zones.map(({ zone, opensAtMs }) => [zone, after(opensAtMs)]).sort()).toEqual([
      ['America/New_York', 18],
      ['Europe/Berlin', 12],
    ]);
    const opens = canary?.zones[0]?.zone === 'Europe/Berlin' ? 12 : 18;
    expect([after(canary?.beginsAtMs ?? null), after(canary?.endsAtMs ?? null)]).toEqual([
      opens - 1,
      opens + 1,
    ]);
    expect(rest?.endsAtMs).toBeGreaterThan((canary?.endsAtMs ?? 0) + hourMs);
  });

  test('names what could go wrong', () => {
    const strategy: Strategy = {
      phases: [],
      speed: { gatewaysPerMinute: 1 },
      deadlineHours: 1,
      windows: { zoneLabel: 'tz', weekly: [{ days: ['mon'], from: '00:00', to: '24:00' }] },
    };
    const members = gateways(100, (index) => ({
      labels: index === 0 ? { tz: 'Europe/Berln' } : {},
      heardAtMs: index < 3 ? null : monday,
    }));
    const { risks } = preview(strategy, members);
    expect(risks.map(({ kind, text }) => [kind, text])).toEqual([
      ['silent', '3 gateways not heard of for a week or more'],
      ['unknown-zone', '1 gateway with a label that names no time zone: the stated one counts'],
      ['deadline', expect.stringContaining('not served before the deadline, 2026-06-01T13:00')],
    ]);
  });

  test('is refused for what the start would be refused for', () => {
    expect(() => preview({ phases: [] }, [])).toThrow('there are no gateways');
    expect(() => preview({ phases: [{ count: 1 }, { count: 1 }] }, gateways(1))).toThrow('gets no gateway');
    const weekly = [{ days: ['sun' as const], from: '01:00', to: '02:00' }];
    expect(() => preview({ phases: [], windows: { weekly }, deadlineHours: 48 }, gateways(1))).toThrow(
      'no window opens',
    );
  });
});

const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const timeOfDay = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom('00', '15', '30', '45'))
  .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${minute}`);

const strategies: fc.Arbitrary<Strategy> = fc.record(
  {
    phases: fc.array(fc.record({ count: fc.integer({ min: 1, max: 5 }) }), { maxLength: 3 }),
    gate: fc.record({ bakeMinutes: fc.integer({ min: 1, max: 90 }) }),
    retries: fc.constant({
      classes: ['network' as const, 'lost' as const],
      most: 2,
      firstDelaySeconds: 60,
      factor: 2,
      longestDelaySeconds: 600,
    }),
    speed: fc.record(
      {
        gatewaysPerMinute: fc.integer({ min: 1, max: 3 }),
        downloadsByLabel: fc.record({ label: fc.constant('site'), most: fc.integer({ min: 1, max: 3 }) }),
      },
      { requiredKeys: [] },
    ),
    windows: fc.record({
      zoneLabel: fc.constant('tz'),
      weekly: fc.array(
        fc.record({ days: fc.subarray([...days], { minLength: 1 }), from: timeOfDay, to: timeOfDay }),
        { minLength: 1, maxLength: 3 },
      ),
    }),
    deadlineHours: fc.integer({ min: 1, max: 200 }),
  },
  { requiredKeys: ['phases'] },
);
const labels = fc.record({
  tz: fc.constantFrom('Europe/Berlin', 'America/New_York', 'Asia/Kathmandu'),
  site: fc.constantFrom('mill', 'dam'),
});

test('what is previewed is what then happens when all goes well: the same gateways, and each phase at its time', () => {
  let withWindows = 0;
  fc.assert(
    fc.property(
      strategies,
      fc.array(labels, { minLength: 20, maxLength: 60 }),
      fc.integer({ min: 1, max: 3_600 }),
      (strategy, places, seconds) => {
        const members = gateways(places.length, (index) => ({ labels: places[index] ?? {} }));
        const deliveryMs = seconds * 1_000;
        const preview = () =>
          previewCampaign({
            strategy,
            // What jitter is drawn from, too.
            campaignId: '1',
            gateways: members,
            selects: new Map(),
            nowMs: 0,
            deliveryMs,
          });
        const chosen = choosePhases(
          strategy,
          '1',
          members.map(({ id }) => id),
          new Map(),
        );
        const placeOf = (phase: number, index: number) => {
          const { tz = '', site = '' } = places[Number(chosen[phase]?.gatewayIds[index]?.slice(3))] ?? {};
          return { zone: tz, site };
        };
        const campaign = new SimulatedCampaign({
          strategy,
          seed: 1,
          sizes: chosen.map(({ gatewayIds }) => gatewayIds.length),
          failureShare: 0,
          wishes: [],
          deliveryMs,
          place: placeOf,
        });
        if (campaign.hasNoWindow) {
          expect(preview).toThrow('no window opens');
          return;
        }
        const told = preview();
        expect(told.phases.map(({ name, gatewayIds }) => ({ name, gatewayIds }))).toEqual(chosen);
        for (let steps = 0; !isCampaignEnded(campaign.status.state); steps += 1) campaign.step(steps);
        expect(told.endsAtMs).toBe(campaign.nowMs);
        expect(told.phases.map(({ beginsAtMs, endsAtMs }) => ({ beginsAtMs, endsAtMs }))).toEqual(
          chosen.map((_phase, index) => campaign.seenOf(index)),
        );
        expect(told.risks.some(({ kind }) => kind === 'deadline')).toBe(
          campaign.status.state !== 'succeeded',
        );
        if (strategy.windows !== undefined) withWindows += 1;
      },
    ),
    { numRuns: 150 },
  );
  expect(withWindows).toBeGreaterThan(10);
});
