import { describe, expect, test } from '@jest/globals';
import { campaignStates, campaignVerbs, endedCampaignStates, isCampaignEnded, verbApplies } from './state.js';

describe('verbs', () => {
  test.each([
    ['paused', 'resume', true],
    ['running', 'pause', true],
    ['paused', 'pause', false],
    ['running', 'resume', false],
    ['stopped', 'stop', false],
    ['rolled-back', 'rollback', false],
  ] as const)('a campaign that is %s, %s: changes something: %s', (state, verb, expected) => {
    expect(verbApplies(state, verb)).toBe(expected);
  });

  test('on a campaign that ended, or in a state in which they mean nothing, are refused', () => {
    expect(() => verbApplies('succeeded', 'pause')).toThrow('the campaign has ended (succeeded)');
    expect(() => verbApplies('running', 'approve')).toThrow('approve needs awaiting-approval');
  });

  test('change something before the end only', () => {
    for (const verb of campaignVerbs) {
      for (const state of endedCampaignStates) {
        const answer = (() => {
          try {
            return verbApplies(state, verb);
          } catch {
            return false;
          }
        })();
        expect(answer).toBe(false);
      }
    }
    expect(campaignStates.filter(isCampaignEnded)).toEqual(endedCampaignStates);
  });
});
