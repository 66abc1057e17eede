import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Report } from '../agent-protocol/messages.js';
import { applyReports, type DeliveryProgress } from './apply-reports.js';
import { deliveryTransitions } from './events.js';
import { deliveryStates, isEnded, reportableStates, type DeliveryState } from './state.js';

const report = (sequence: number, state: Report['state']): Report => ({ deliveryId: 'd', sequence, state });

const anyReport = fc.record({
  deliveryId: fc.constant('d'),
  sequence: fc.integer({ min: 1, max: 12 }),
  state: fc.constantFrom(...reportableStates),
});
const anyProgress = fc.record({
  state: fc.constantFrom(...deliveryStates),
  sequence: fc.integer({ min: 0, max: 6 }),
});

describe('applyReports', () => {
  test.each<[string, DeliveryProgress, Report[], string[], DeliveryProgress]>([
    ['nothing to apply', { state: 'offered', sequence: 3 }, [], [], { state: 'offered', sequence: 3 }],
    [
      'a whole delivery at once',
      { state: 'offered', sequence: 0 },
      [report(1, 'downloading'), report(2, 'installing'), report(3, 'succeeded')],
      ['applied', 'applied', 'applied'],
      { state: 'succeeded', sequence: 3 },
    ],
    [
      'steps that are skipped, and numbers too',
      { state: 'offered', sequence: 0 },
      [report(7, 'failed')],
      ['applied'],
      { state: 'failed', sequence: 7 },
    ],
    [
      'the number met last is a duplicate, whatever it says',
      { state: 'downloading', sequence: 2 },
      [report(2, 'succeeded')],
      ['duplicate'],
      { state: 'downloading', sequence: 2 },
    ],
    [
      'what is known already repeats, but its number counts',
      { state: 'installing', sequence: 2 },
      [report(3, 'installing'), report(3, 'succeeded'), report(4, 'succeeded')],
      ['duplicate', 'duplicate', 'applied'],
      { state: 'succeeded', sequence: 4 },
    ],
    [
      'no way back',
      { state: 'installing', sequence: 2 },
      [report(3, 'downloading')],
      ['duplicate'],
      { state: 'installing', sequence: 3 },
    ],
    [
      'what was not offered cannot be reported on',
      { state: 'pending', sequence: 0 },
      [report(1, 'succeeded')],
      ['duplicate'],
      { state: 'pending', sequence: 1 },
    ],
    [
      'evidence corrects what was supposed, progress does not',
      { state: 'lost', sequence: 0 },
      [report(1, 'installing'), report(2, 'succeeded'), report(3, 'failed')],
      ['ended', 'applied', 'ended'],
      { state: 'succeeded', sequence: 3 },
    ],
    [
      'a final state is final',
      { state: 'failed', sequence: 1 },
      [report(2, 'succeeded')],
      ['ended'],
      { state: 'failed', sequence: 2 },
    ],
  ])('%s', (_what, before, reports, outcomes, progress) => {
    const answer = applyReports(before, reports);
    expect(answer).toMatchObject({ outcomes, progress });
    expect(answer.applied).toEqual(reports.filter((_report, index) => outcomes[index] === 'applied'));
    expect(Object.keys(answer.progress).sort()).toEqual(['sequence', 'state']);
  });

  test('the sequence never falls, the path is legal, and only what is applied changes the state', () => {
    fc.assert(
      fc.property(anyProgress, fc.array(anyReport, { maxLength: 10 }), (before, reports) => {
        const { progress, outcomes, applied } = applyReports(before, reports);
        expect(outcomes).toHaveLength(reports.length);
        expect(progress.sequence).toBe(Math.max(before.sequence, ...reports.map(({ sequence }) => sequence)));
        let state: DeliveryState = before.state;
        let highest = before.sequence;
        for (const next of applied) {
          expect(deliveryTransitions[state]).toContain(next.state);
          expect(next.sequence).toBeGreaterThan(highest);
          ({ state } = next);
          highest = next.sequence;
        }
        expect(progress.state).toBe(state);
        expect(applied).toEqual(reports.filter((_report, index) => outcomes[index] === 'applied'));
      }),
    );
  });

  test('what was told twice changes nothing the second time', () => {
    fc.assert(
      fc.property(anyProgress, fc.array(anyReport, { maxLength: 10 }), (before, reports) => {
        const once = applyReports(before, reports);
        const twice = applyReports(once.progress, reports);
        expect(twice.progress).toEqual(once.progress);
        expect(twice.outcomes.every((outcome) => outcome === 'duplicate')).toBe(true);
        expect(twice.applied).toEqual([]);
      }),
    );
  });

  test('in parts or at once: the same', () => {
    fc.assert(
      fc.property(
        anyProgress,
        fc.array(fc.array(anyReport, { maxLength: 4 }), { maxLength: 5 }),
        (before, parts) => {
          let progress: DeliveryProgress = before;
          const outcomes: string[] = [];
          const applied: Report[] = [];
          for (const part of parts) {
            const answer = applyReports(progress, part);
            ({ progress } = answer);
            outcomes.push(...answer.outcomes);
            applied.push(...answer.applied);
          }
          expect({ progress, outcomes, applied }).toEqual(applyReports(before, parts.flat()));
        },
      ),
    );
  });

  test('however the batches of a gateway arrive, again and out of order, an end that is told arrives', () => {
    const story = [report(1, 'downloading'), report(2, 'installing'), report(3, 'succeeded')];
    const batch = fc
      .tuple(fc.nat(2), fc.nat(2))
      .map(([from, to]) => story.slice(Math.min(from, to), Math.max(from, to) + 1));
    fc.assert(
      fc.property(fc.array(batch, { maxLength: 8 }), (batches) => {
        let progress: DeliveryProgress = { state: 'offered', sequence: 0 };
        let ended = false;
        for (const next of batches) {
          const before = progress;
          ({ progress } = applyReports(progress, next));
          expect(progress.sequence).toBeGreaterThanOrEqual(before.sequence);
          ended ||= next.some(({ state }) => state === 'succeeded');
        }
        expect(isEnded(progress.state)).toBe(ended);
      }),
    );
  });
});
