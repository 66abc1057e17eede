import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { presetNames, presetOf, presets } from './presets.js';
import { parseStrategy, readStrategy } from './read-strategy.js';
import { StrategySchema } from './strategy.js';

const read = (...lines: string[]) => readStrategy(lines.join('\n'), 's.yaml');
const messageOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
};

describe('a strategy', () => {
  test('is read from YAML and from JSON', () => {
    const strategy = { phases: [{ name: 'canary', percent: 5 }], gate: { bakeMinutes: 10 } };
    expect(read('phases:', '  - name: canary', '    percent: 5', 'gate: { bakeMinutes: 10 }')).toEqual(
      strategy,
    );
    expect(readStrategy(JSON.stringify(strategy), 's.json')).toEqual(strategy);
    expect(parseStrategy(strategy)).toEqual(strategy);
  });

  test.each([
    [
      'an unknown field',
      ['phases: []', 'errorBuget: {}'],
      '2:1: errorBuget: unknown field "errorBuget"; did you mean "errorBudget"?',
    ],
    [
      'one inside',
      ['phases:', '- { count: 1, gatte: {} }'],
      '2:15: phases[0].gatte: unknown field "gatte"; did you mean "gate"?',
    ],
    ['one like nothing', ['phases: []', 'colour: red'], '2:1: colour: unknown field "colour"'],
    [
      'a class',
      ['phases: []', 'errorBudget: { onBreach: stop, classes: { netwrk: {} } }'],
      'did you mean "network"?',
    ],
    ['a choice', ['phases: []', 'errorBudget: { onBreach: stopp }'], 'found "stopp"; did you mean "stop"?'],
    [
      'a phase without a size',
      ['phases:', '- name: canary'],
      '2:3: phases[0]: must have exactly one of count, percent, select',
    ],
    [
      'a phase with two',
      ['phases:', '- { count: 1, percent: 2 }'],
      'must have exactly one of count, percent, select',
    ],
    ['an empty phase', ['phases:', '- { count: 0 }'], '2:12: phases[0].count: must be >= 1'],
    [
      'percentages over 100',
      ['phases:', '- percent: 60', '- percent: 40.5'],
      '3:12: phases[1].percent: the percentages add up to 100.5, more than 100',
    ],
    [
      'a phase of nothing',
      ['phases:', '- percent: 33.3', '- percent: 66.7', '- count: 1'],
      'phases[2]: is empty',
    ],
    ['a selector', ['phases:', '- { select: "labels.site ==" }'], 'phases[0].select: '],
    [
      'two phases of one name',
      ['phases:', '- { count: 1, name: a }', '- { count: 1, name: a }'],
      'phases[1].name: another phase',
    ],
    [
      'a zone',
      [
        'phases: []',
        'windows: { zone: Europe/Berln, weekly: [{ days: [mon], from: "01:00", to: "02:00" }] }',
      ],
      'there is no time zone "Europe/Berln"; did you mean "Europe/Berlin"?',
    ],
    [
      'a zone like none',
      ['phases: []', 'windows: { zone: Mars, weekly: [{ days: [mon], from: "01:00", to: "02:00" }] }'],
      'there is no time zone "Mars"; name one such as Europe/Berlin',
    ],
    ['no window', ['phases: []', 'windows: { weekly: [] }'], 'windows.weekly: '],
    [
      'a day',
      [
        'phases: []',
        'windows: { weekly: [{ days: [mon], from: "01:00", to: "02:00" }], freezes: [{ from: 2026-02-30, to: 2026-03-01 }] }',
      ],
      'there is no day 2026-02-30',
    ],
    [
      'a freeze that ends before',
      [
        'phases: []',
        'windows: { weekly: [{ days: [mon], from: "01:00", to: "02:00" }], freezes: [{ from: 2026-03-02, to: 2026-03-01 }] }',
      ],
      'is not after 2026-03-02',
    ],
    [
      'a class above the whole',
      ['phases: []', 'errorBudget: { share: 0.1, classes: { script: { share: 0.2 } }, onBreach: stop }'],
      'classes.script.share: lets 0.2 fail, but all classes together may only 0.1',
    ],
    [
      'counts likewise',
      ['phases: []', 'errorBudget: { count: 1, classes: { script: { count: 2 } }, onBreach: stop }'],
      'classes.script.count',
    ],
    [
      'a gate above the budget',
      ['phases: []', 'gate: { successShare: 0.5 }', 'errorBudget: { share: 0.1, onBreach: stop }'],
      'gate.successShare: lets 0.5 fail, but the error budget is used up at 0.1 already',
    ],
    [
      'a gate of a phase above the budget',
      ['phases: [{ count: 1, gate: { successShare: 0.5 } }]', 'errorBudget: { share: 0.1, onBreach: stop }'],
      'phases[0].gate.successShare',
    ],
    [
      'a sample of nothing',
      ['phases: []', 'errorBudget: { count: 1, minimumSample: 5, onBreach: stop }'],
      'minimumSample: has no effect',
    ],
    [
      'retries of what stays',
      [
        'phases: []',
        'retries: { classes: [script], most: 1, firstDelaySeconds: 1, factor: 1, longestDelaySeconds: 1 }',
      ],
      'retries.classes[0]: must be one of',
    ],
    [
      'delays that shrink',
      [
        'phases: []',
        'retries: { classes: [lost], most: 1, firstDelaySeconds: 9, factor: 1, longestDelaySeconds: 1 }',
      ],
      'is shorter than the first delay',
    ],
    [
      'bake times over the deadline',
      ['phases: [{ count: 1 }]', 'gate: { bakeMinutes: 31 }', 'deadlineHours: 1'],
      'the bake times come to 62 minutes',
    ],
    [
      'skipping without an emergency',
      ['phases: []', 'skip: [windows]'],
      'skip: phases and windows are skipped by',
    ],
    ['a speed without limit', ['phases: []', 'speed: {}'], 'speed: states no limit'],
    ['the same key twice', ['phases: []', 'phases: []'], 'appears twice'],
  ])('is refused with the place: %s', (_what, lines, expected) => {
    const message = messageOf(() => read(...lines));
    expect(message).toMatch(/^s\.yaml:\d+:\d+: /);
    expect(message).toContain(expected);
  });

  test('a gate below a budget that needs a sample is for the phases that are smaller', () => {
    expect(
      messageOf(() =>
        read(
          'phases: []',
          'gate: { successShare: 0.8 }',
          'errorBudget: { share: 0.02, minimumSample: 50, onBreach: stop }',
        ),
      ),
    ).toBe('accepted');
  });

  test('as a value it is refused with the path', () => {
    expect(() => parseStrategy({ phases: [{ count: 0 }] })).toThrow(
      'strategy: phases[0].count: must be >= 1',
    );
    expect(() => parseStrategy(null)).toThrow('strategy: ');
  });
});

describe('presets', () => {
  test.each(presetNames)('%s is a strategy', (name) => {
    expect(parseStrategy(presets[name])).toEqual(presetOf(name));
  });

  test('that are not there are told with those that are', () => {
    expect(() => presetOf('canari')).toThrow('did you mean "canary"?');
    expect(() => presetOf('constructor')).toThrow('there are all-at-once, canary, careful, emergency');
  });
});

test('the published schema is the one that is judged by', async () => {
  const published = JSON.parse(await readFile('docs/campaign-strategy.schema.json', 'utf8')) as Record<
    string,
    unknown
  >;
  const { $schema, ...schema } = published;
  expect($schema).toBe('https://json-schema.org/draft/2020-12/schema');
  expect(schema).toEqual(JSON.parse(JSON.stringify(StrategySchema)));
});
