import { expect, test } from '@jest/globals';
import { parseSelector } from '../../domain/selector/parse-selector.js';
import { helpsOf, helpText, whyNotOf, type WhyNot } from './dry-run.js';
import { emptyForm } from './plan-form.js';

const why = (help: string, sample: string[] = ['a', 'b'], gateways = 9): WhyNot => ({
  text: `No plan installs it:\n  - a reason\nNearest help: ${help}`,
  gateways,
  sample,
  undecided: false,
});

test('help that is another request is one change of the form', () => {
  const form = { ...emptyForm, what: 'thermometer@^2, logger@>=1 <2', where: 'all' };
  expect(helpsOf(why('thermometer@1.0.0 instead of thermometer@^2'), form)).toEqual([
    { action: 'Ask for thermometer@1.0.0', change: { what: 'thermometer@1.0.0, logger@>=1 <2' } },
  ]);
  expect(helpsOf(why('leave out logger@>=1 <2'), form)).toEqual([
    { action: 'Leave out logger@>=1 <2', change: { what: 'thermometer@^2' } },
  ]);
  expect(helpsOf(why('3.1 KiB more free disk'), form)).toEqual([]);
  expect(helpText(why('3.1 KiB more free disk'))).toBe('3.1 KiB more free disk');
});

test('gateways that are all known by name can be left out, by a selector that can be read', () => {
  const few = why('none was found', ['a', 'b'], 2);
  expect(helpsOf(few, { ...emptyForm, kind: 'gateways', where: 'a b c' })[0]?.change).toEqual({ where: 'c' });
  const [help] = helpsOf(few, {
    ...emptyForm,
    kind: 'select',
    where: 'labels.site == "b1" || labels.x == "y"',
  });
  expect(help?.action).toBe('Plan without these 2');
  expect(() => parseSelector(help?.change.where ?? '')).not.toThrow();
  expect(helpsOf(few, { ...emptyForm, kind: 'gateways', where: 'a b' })).toEqual([]);
  expect(helpsOf(few, { ...emptyForm, kind: 'deployment', where: 'all' })).toEqual([]);
});

test('groups of one reason are told together', () => {
  const group = (gateways: number, explanation: string | null) =>
    ({ gateways, explanation, sample: [`g${gateways}`], undecided: false, plans: [] }) as never;
  const reasons = whyNotOf({
    groups: [group(1, 'x'), group(5, 'y'), group(3, 'x'), group(9, null)],
  } as never);
  expect(reasons.map(({ text, gateways, sample }) => [text, gateways, sample])).toEqual([
    ['y', 5, ['g5']],
    ['x', 4, ['g1', 'g3']],
  ]);
});
