import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  judge,
  retries,
  silentAfterMs,
  type Attempt,
  type Case,
  type Standing,
  type StandingBefore,
  type WantedGateway,
  type WantedOf,
} from './judge.js';

const now = 1_800_000_000_000;
const wanted: WantedOf = {
  title: 'wanted state 1',
  demands: [{ name: 'app', range: '^2', version: '2.3.0' }],
};

function gateway(version: string | null, changes: Partial<WantedGateway> = {}): WantedGateway {
  const installed = version === null ? [] : [{ name: 'app', version }];
  return { installed, damaged: [], lastSeenAtMs: now - 1_000, basis: 'basis', ...changes };
}

function before(changes: Partial<StandingBefore>): StandingBefore {
  return {
    standing: 'held',
    reason: null,
    target: [],
    settled: [],
    basis: 'basis',
    attempts: 0,
    dueAtMs: null,
    changedAtMs: now - 600_000,
    ...changes,
  };
}

function standing(changes: Partial<Case>): Standing {
  return judge({
    wanted,
    others: [],
    gateway: gateway('2.3.0'),
    before: null,
    attempt: null,
    isHeldBack: false,
    nowMs: now,
    jitter: 0,
    ...changes,
  });
}

const moving = before({ standing: 'moving', target: ['app@>=2.0.0 <3.0.0-0 <=2.3.0'] });
const ended = (state: Attempt['state'], reason: string | null = null): Attempt => ({
  state,
  endedAtMs: now - 500,
  reason,
});

describe('a gateway', () => {
  test('waits for the campaign that brings the first version, and for nothing after it', () => {
    const held = standing({ gateway: gateway(null), isHeldBack: true });
    expect(held).toMatchObject({
      standing: 'drifted',
      reason: 'app is not installed; a campaign comes first',
      dueAtMs: null,
    });
    const last = { ...held, changedAtMs: now - 1 };
    expect(standing({ gateway: gateway(null), before: last, isHeldBack: true })).toEqual(held);
    expect(standing({ gateway: gateway(null), before: last })).toMatchObject({
      reason: 'app is not installed',
      dueAtMs: now,
    });
  });

  test.each([
    ['has nothing', null, 'app is not installed'],
    ['has an older version', '2.1.0', 'app is 2.1.0, and 2.3.0 is wanted'],
    ['has a version out of the range', '1.9.0', 'app is 1.9.0, which is not in ^2'],
  ])('that %s is to be brought there at once', (_what, version, reason) => {
    const found = standing({ gateway: gateway(version) });
    expect(found).toMatchObject({ standing: 'drifted', reason, dueAtMs: now, attempts: 0 });
    expect(found.target).toEqual(['app@>=2.0.0 <3.0.0-0 <=2.3.0']);
  });

  test.each(['2.3.0', '2.9.0'])('that has %s is as it should be', (version) => {
    expect(standing({ gateway: gateway(version) })).toMatchObject({
      standing: 'held',
      dueAtMs: null,
      reason: null,
    });
  });

  test('whose files are damaged gets no rollout: it asks for its package itself', () => {
    expect(standing({ gateway: gateway('2.3.0', { damaged: ['app'] }) })).toMatchObject({
      standing: 'drifted',
      dueAtMs: null,
    });
    expect(standing({ gateway: gateway('2.3.0', { damaged: ['other'] }) }).standing).toBe('held');
  });

  test('of which nothing is heard is silent, and comes back', () => {
    const lastSeenAtMs = now - silentAfterMs - 1;
    expect(standing({ gateway: gateway(null, { lastSeenAtMs }) }).standing).toBe('silent');
    expect(standing({ gateway: gateway(null), before: before({ standing: 'silent' }) })).toMatchObject({
      standing: 'drifted',
      dueAtMs: now,
    });
  });

  test('that was lost is silent until it is heard of', () => {
    const lost = ended('lost');
    expect(standing({ gateway: gateway(null), before: moving, attempt: lost }).standing).toBe('silent');
    const back = gateway(null, { lastSeenAtMs: now });
    for (const standingBefore of [moving, before({ standing: 'silent' })])
      expect(standing({ gateway: back, before: standingBefore, attempt: lost })).toMatchObject({
        standing: 'drifted',
        dueAtMs: now,
      });
  });

  test('that a rollout is bringing there is left to it', () => {
    const attempt: Attempt = { state: 'offered', endedAtMs: null, reason: null };
    expect(standing({ gateway: gateway(null), before: moving, attempt })).toMatchObject({
      standing: 'moving',
      dueAtMs: null,
    });
    expect(standing({ before: moving, attempt }).standing).toBe('held');
  });

  test.each(['cancelled', 'superseded'] as const)(
    'whose rollout was %s is looked at later: that is no failure',
    (state) => {
      const found = standing({
        gateway: gateway(null),
        before: { ...moving, attempts: 2 },
        attempt: ended(state),
      });
      expect(found).toMatchObject({ standing: 'drifted', attempts: 2, reason: `the rollout was ${state}` });
      expect(found.dueAtMs).toBeGreaterThan(now);
    },
  );

  test('that no plan fits is not tried again until something changes', () => {
    const cannot = standing({
      gateway: gateway(null),
      before: moving,
      attempt: ended('incompatible', 'no variant'),
    });
    expect(cannot).toMatchObject({ standing: 'cannot', reason: 'no variant', dueAtMs: null });
    const kept = before({ ...cannot });
    expect(standing({ gateway: gateway(null), before: kept, attempt: ended('incompatible') }).standing).toBe(
      'cannot',
    );
    expect(standing({ gateway: gateway(null, { basis: 'other' }), before: kept })).toMatchObject({
      standing: 'drifted',
      dueAtMs: now,
      attempts: 0,
    });
  });

  test('that fails is tried later each time, and not for ever', () => {
    const delays: number[] = [];
    let last: Standing = moving;
    for (;;) {
      last = standing({
        gateway: gateway(null),
        before: before({ ...last, standing: 'moving' }),
        attempt: ended('failed', 'out of space'),
      });
      if (last.standing === 'cannot') break;
      delays.push((last.dueAtMs ?? 0) - now);
    }
    expect(last).toMatchObject({ reason: 'out of space', attempts: retries.most, dueAtMs: null });
    expect(delays).toEqual([60_000, 240_000, 960_000, 3_840_000]);
  });

  test('that waits to be tried again keeps the reason for which it failed', () => {
    const attempt = ended('failed', 'out of space');
    const waiting = standing({ gateway: gateway(null), before: moving, attempt });
    expect(standing({ gateway: gateway('2.1.0'), before: before({ ...waiting }), attempt })).toMatchObject({
      standing: 'drifted',
      reason: 'out of space',
      dueAtMs: waiting.dueAtMs,
    });
    const fresh = before({ ...standing({ gateway: gateway(null) }) });
    expect(standing({ gateway: gateway('2.1.0'), before: fresh }).reason).toBe(
      'app is 2.1.0, and 2.3.0 is wanted',
    );
  });

  test('that got the newest that fits it is as it should be until something changes', () => {
    const held = standing({ gateway: gateway('2.1.0'), before: moving, attempt: ended('succeeded') });
    expect(held).toMatchObject({ standing: 'held', settled: ['app@2.1.0'] });
    const kept = before({ ...held });
    expect(standing({ gateway: gateway('2.1.0'), before: kept }).standing).toBe('held');
    expect(standing({ gateway: gateway('2.0.0'), before: kept }).standing).toBe('drifted');
    expect(standing({ gateway: gateway('2.1.0', { basis: 'other' }), before: kept }).standing).toBe(
      'drifted',
    );
  });

  test('that drifts again and again is brought back less and less often, until it has rested', () => {
    const again = before({ attempts: 3 });
    expect(standing({ gateway: gateway(null), before: again }).dueAtMs).toBe(now + 240_000);
    expect(standing({ gateway: gateway(null), before: before({ attempts: 1 }) }).dueAtMs).toBe(now);
    const rested = before({ attempts: 3, changedAtMs: now - 3_600_000 });
    expect(standing({ gateway: gateway(null), before: rested })).toMatchObject({ dueAtMs: now, attempts: 0 });
  });

  test('that two wanted states contradict each other on is in conflict', () => {
    const other = { title: 'wanted state 2', demands: [{ name: 'app', range: '^1', version: '1.9.0' }] };
    expect(standing({ others: [other], gateway: gateway(null) })).toMatchObject({
      standing: 'conflict',
      reason: 'wanted state 2 asks for app@^1, which contradicts ^2',
      dueAtMs: null,
    });
  });

  test('gets one version where two wanted states agree on one', () => {
    const other = { title: 'wanted state 2', demands: [{ name: 'app', range: '~2.1', version: '2.1.5' }] };
    expect(standing({ others: [other], gateway: gateway('2.1.5') }).standing).toBe('held');
    expect(standing({ others: [other], gateway: gateway('2.3.0') }).standing).toBe('drifted');
    const mirrored = judge({
      wanted: other,
      others: [wanted],
      gateway: gateway('2.1.5'),
      before: null,
      attempt: null,
      isHeldBack: false,
      nowMs: now,
      jitter: 0,
    });
    expect(mirrored.standing).toBe('held');
  });
});

const anyVersion = fc.option(fc.constantFrom('1.9.0', '2.0.0', '2.1.0', '2.3.0', '2.9.0', '3.0.0'));
const anyAttempt = fc.option(
  fc.record({
    state: fc.constantFrom<Attempt['state']>(
      'pending',
      'offered',
      'succeeded',
      'failed',
      'incompatible',
      'lost',
      'cancelled',
      'superseded',
    ),
    endedAtMs: fc.option(fc.integer({ min: now - 1_000_000, max: now })),
    reason: fc.option(fc.constant('why')),
  }),
);
const anyCase: fc.Arbitrary<Case> = fc.record({
  wanted: fc.constant(wanted),
  others: fc.constant([]),
  gateway: fc.record({
    installed: anyVersion.map((version) => gateway(version).installed),
    damaged: fc.constantFrom([], ['app'], ['other']),
    lastSeenAtMs: fc.integer({ min: now - 2 * silentAfterMs, max: now }),
    basis: fc.constantFrom('basis', 'other'),
  }),
  before: fc.option(
    fc
      .record({
        standing: fc.constantFrom<Standing['standing']>(
          'held',
          'drifted',
          'moving',
          'cannot',
          'silent',
          'conflict',
        ),
        reason: fc.constant(null),
        target: fc.constantFrom([], moving.target),
        settled: fc.constantFrom([], ['app@2.1.0']),
        basis: fc.constantFrom('basis', 'other'),
        attempts: fc.nat({ max: 6 }),
        dueAtMs: fc.option(fc.integer({ min: now - 1_000, max: now + 1_000 })),
        changedAtMs: fc.integer({ min: now - 7_200_000, max: now }),
      })
      .map((last) => (last.standing === 'drifted' ? last : { ...last, dueAtMs: null })),
  ),
  attempt: anyAttempt,
  isHeldBack: fc.boolean(),
  nowMs: fc.constant(now),
  jitter: fc.constantFrom(0, 0.5, 1),
});

describe('whatever comes', () => {
  test('judged again at once it stands as it stands', () => {
    fc.assert(
      fc.property(anyCase, (input) => {
        const first = judge(input);
        const changedAtMs = input.before?.standing === first.standing ? input.before.changedAtMs : now;
        // A rollout that has ended has been judged: only one that is under way is judged on.
        const second = judge({ ...input, before: { ...first, changedAtMs } });
        expect(second.standing).toBe(first.standing);
        expect(second.dueAtMs).toBe(first.dueAtMs);
      }),
      { numRuns: 1_000 },
    );
  });

  test('only what is to be brought there is due, and then it is known to where', () => {
    fc.assert(
      fc.property(anyCase, (input) => {
        const found = judge(input);
        if (found.dueAtMs === null) return;
        expect(found.standing).toBe('drifted');
        expect(found.target).toHaveLength(1);
      }),
      { numRuns: 1_000 },
    );
  });

  test('what has what is wanted is never due, and what is silent neither', () => {
    fc.assert(
      fc.property(anyCase, (input) => {
        const { installed, lastSeenAtMs } = input.gateway;
        const hasIt = installed.some(({ version }) => version === '2.3.0' || version === '2.9.0');
        if (hasIt || now - lastSeenAtMs > silentAfterMs) expect(judge(input).dueAtMs).toBeNull();
      }),
      { numRuns: 1_000 },
    );
  });
});
