import { expect, test } from '@jest/globals';
import { campaignEventType } from './campaign-event.js';

test.each([
  ['running', 'paused', true, 'campaign.paused'],
  ['running', 'paused', false, 'campaign.halted'],
  ['running', 'aborting', true, 'campaign.halted'],
  ['baking', 'stopping', false, 'campaign.halted'],
  ['baking', 'rolling-back', false, 'campaign.rolling-back'],
  ['rolling-back', 'rolled-back', false, 'campaign.ended'],
  ['running', 'succeeded', false, 'campaign.ended'],
  ['baking', 'awaiting-approval', false, 'campaign.awaiting-approval'],
  ['waiting', 'running', false, null],
  ['paused', 'waiting', true, null],
  ['paused', 'paused', true, null],
] as const)('from %s to %s, by a person: %s', (before, now, byPerson, type) => {
  expect(campaignEventType(before, now, byPerson)).toBe(type);
});
