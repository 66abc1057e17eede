import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { errorClasses, passingClasses } from './error-class.js';
import { presetNames } from './presets.js';
import { readStrategy } from './read-strategy.js';
import { strategyDefaults } from './strategy.js';

const text = await readFile('docs/campaigns.md', 'utf8');
const section = text.slice(text.indexOf('## The strategy')).split(/\n## (?!The strategy)/)[0] ?? '';
const examples = [...section.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = '']) => yaml);

describe('what docs/campaigns.md says of strategies', () => {
  test.each(examples.map((yaml) => [yaml]))('is a strategy: %s', (yaml) => {
    expect(readStrategy(yaml, 'docs/campaigns.md').phases).toBeDefined();
  });

  test('there are examples', () => {
    expect(examples.length).toBeGreaterThan(1);
  });

  test('the error that it shows is the one that comes', () => {
    const [, shown = ''] = /`night\.yaml:(.*?)`/.exec(section) ?? [];
    const lines = [...(examples[0] ?? '').split('\n').slice(0, 7), 'errorBuget: {}'];
    expect(() => readStrategy(lines.join('\n'), 'night.yaml')).toThrow(`night.yaml:${shown}`);
  });

  test('presets, classes and what counts where nothing is said', () => {
    for (const name of presetNames) expect(section).toContain(`| \`${name}\` |`);
    for (const name of errorClasses) expect(section).toContain(`\`${name}\``);
    expect(section).toContain(`tried again: ${passingClasses.map((name) => `\`${name}\``).join(', ')}.`);
    expect(section).toContain(`\`lostAfterHours\` (${strategyDefaults.lostAfterHours})`);
    expect(section).toContain(`\`deadlineHours\` (${strategyDefaults.deadlineHours})`);
  });
});
