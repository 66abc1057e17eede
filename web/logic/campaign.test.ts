import { expect, test } from '@jest/globals';
import { presets } from '../../domain/campaign/presets.js';
import { campaignStates, campaignVerbs, verbApplies } from '../../domain/campaign/state.js';
import type { Schemas } from '../api/queries.js';
import { budgetText, failuresOf, gateText, phaseParts, strategyText, verbIsOffered } from './campaign.js';

const strategyOf = (name: keyof typeof presets) => presets[name] as unknown as Schemas['CampaignStrategy'];

const phase = (numbers: Partial<Schemas['CampaignPhase']>): Schemas['CampaignPhase'] => ({
  phase: 1,
  name: 'canary',
  gateways: 0,
  startedAt: null,
  notBegun: 0,
  open: 0,
  succeeded: 0,
  failed: { network: 0, integrity: 0, space: 0, script: 0, health: 0, incompatible: 0, lost: 0, internal: 0 },
  left: 0,
  unwell: 0,
  ...numbers,
});

test('gates are said in words; a phase without one has that of the strategy', () => {
  const careful = strategyOf('careful');
  expect(gateText(careful, 1)).toBe('100\u{a0}% succeeded, well for 60 min, approved by an operator');
  expect(gateText(careful, 2)).toBe('98\u{a0}% succeeded, well for 30 min');
  expect(gateText(strategyOf('all-at-once'), 1)).toBe('none of its own');
});

test('the error budget says when, and what then', () => {
  expect(budgetText(strategyOf('canary'))).toBe(
    'When more than 5\u{a0}% failed, judged from 20 gateways on, everything is rolled back.',
  );
  expect(budgetText(strategyOf('all-at-once'))).toBeNull();
});

test('a strategy is said in a line', () => {
  expect(strategyText(strategyOf('careful'))).toBe(
    'First canary 1\u{a0}%, then early 9\u{a0}%, then half 40\u{a0}%, then the rest. When more than 2\u{a0}% failed, judged from 50 gateways on, it pauses.',
  );
  expect(strategyText(strategyOf('all-at-once'))).toBe('All at once.');
  const own = { phases: [{ count: 1 }, { select: 'labels.site == "lab"' }] };
  expect(strategyText(own)).toBe(
    'First phase 1 1 gateway, then phase 2 labels.site == "lab", then the rest.',
  );
});

test('phases are summed, and only what there is is shown', () => {
  const failed = { ...phase({}).failed, health: 3, network: 1 };
  const phases = [phase({ succeeded: 5, failed }), phase({ notBegun: 4, open: 2 })];
  expect(phaseParts(phases).map(({ what, count }) => [what, count])).toEqual([
    ['succeeded', 5],
    ['under way', 2],
    ['not begun', 4],
    ['failed', 4],
  ]);
  expect(failuresOf(phases)).toEqual([
    { name: 'health', count: 3 },
    { name: 'network', count: 1 },
  ]);
});

test('what is offered is what changes something', () => {
  for (const state of campaignStates)
    for (const verb of campaignVerbs) {
      let applies = false;
      try {
        applies = verbApplies(state, verb);
      } catch {
        // It has no meaning in that state.
      }
      expect({ state, verb, offered: verbIsOffered(state, verb) }).toEqual({ state, verb, offered: applies });
    }
});
