import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { presetNames } from '../../domain/campaign/presets.js';
import {
  campaignCommand,
  emptyForm,
  formFrom,
  missingIn,
  parametersOf,
  planCommand,
  planHref,
  requestsOf,
  targetKinds,
  targetOf,
} from './plan-form.js';

test('the address holds the whole form', () => {
  const forms = fc.record({
    what: fc.string(),
    kind: fc.constantFrom(...targetKinds),
    where: fc.string({ minLength: 1 }),
    strategy: fc.constantFrom(...presetNames),
    allowRemove: fc.boolean(),
    allowDowngrade: fc.boolean(),
  });
  fc.assert(
    fc.property(forms, (form) => {
      expect(formFrom(new URLSearchParams(parametersOf(form).toString()))).toEqual(form);
    }),
  );
  expect(planHref({})).toBe('/plan');
});

test('an address that says nothing that can be asked gives an empty form', () => {
  expect(formFrom(new URLSearchParams('kind=nonsense&strategy=nonsense'))).toEqual(emptyForm);
});

test('requests and gateways may be written over several lines', () => {
  expect(requestsOf({ ...emptyForm, what: ' thermometer@^2\n  logger@>=1 <2 probe, x ' })).toEqual([
    'thermometer@^2',
    'logger@>=1 <2',
    'probe',
    'x',
  ]);
  expect(targetOf({ ...emptyForm, kind: 'gateways', where: 'a, b\nc' })).toEqual({
    gateways: ['a', 'b', 'c'],
  });
  expect(Object.keys(missingIn(emptyForm))).toEqual(['what', 'where']);
});

test('commands say the same to a shell', () => {
  const form = {
    ...emptyForm,
    what: 'thermometer@^2',
    kind: 'select' as const,
    where: 'labels.site == "b1"',
  };
  expect(planCommand(form)).toBe(`leonore plan thermometer@^2 --select 'labels.site == "b1"'`);
  expect(campaignCommand({ ...form, kind: 'gateways', where: 'a b', allowRemove: true })).toBe(
    'leonore campaign start thermometer@^2 --gateway a --gateway b --strategy canary --allow-remove',
  );
});
