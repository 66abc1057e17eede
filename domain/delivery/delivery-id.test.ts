import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../limits.js';
import { formatDeliveryId, parseDeliveryId } from './delivery-id.js';

test('an id names its delivery', () => {
  fc.assert(
    fc.property(
      fc.uuid(),
      fc.integer({ min: 0, max: 999_999_999 }),
      fc.integer({ min: 0, max: limits.plansAnew }),
      (rolloutId, ordinal, attempt) => {
        const id = formatDeliveryId({ rolloutId, ordinal, attempt });
        expect(id.length).toBeLessThanOrEqual(128);
        expect(parseDeliveryId(id)).toEqual({ rolloutId, ordinal, ...(attempt === 0 ? {} : { attempt }) });
      },
    ),
  );
});

test.each([
  '',
  '.1',
  '00000000-0000-0000-0000-000000000000',
  '00000000-0000-0000-0000-000000000000.',
  '00000000-0000-0000-0000-000000000000.-1',
  '00000000-0000-0000-0000-000000000000.1x',
  '00000000-0000-0000-0000-000000000000.1\n',
  '00000000-0000-0000-0000-000000000000.1.0',
  '00000000-0000-0000-0000-000000000000.1.01',
  '00000000-0000-0000-0000-000000000000.1.100',
  '00000000-0000-0000-0000-000000000000.1.',
  '00000000-0000-0000-0000-000000000000.1234567890',
  '00000000-0000-0000-0000-00000000000G.1',
  ' 00000000-0000-0000-0000-000000000000.1',
])('%j is no id of a delivery', (text) => {
  expect(parseDeliveryId(text)).toBeNull();
});
