import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { errorClasses, passingClasses } from './error-class.js';
import { presetNames } from './presets.js';
import { readStrategy } from './read-strategy.js';
import { strategyDefaults } from './strategy.js';

const page = await readFile('docs/campaigns.md', 'utf8');
const strategies = await readFile('docs/campaign-strategies.md', 'utf8');
const examples = [...(page + strategies).matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = '']) => yaml);

describe('what is documented of strategies', () => {
  test.each(examples.map((yaml) => [yaml]))('is a strategy: %s', (yaml) => {
    expect(readStrategy(yaml, 'page.md').phases).toBeDefined();
  });

  test('there are examples', () => {
    expect(examples.length).toBeGreaterThan(1);
  });

  test('the error that it shows is the one that comes', () => {
    const [, shown = ''] = /`night\.yaml:(.*?)`/.exec(page) ?? [];
    const lines = [...(examples[0] ?? '').split('\n').slice(0, 7), 'errorBuget: {}'];
    expect(() => readStrategy(lines.join('\n'), 'night.yaml')).toThrow(`night.yaml:${shown}`);
  });

  test('presets, classes and what counts where nothing is said', () => {
    for (const name of presetNames) expect(page).toContain(`| \`${name}\` |`);
    for (const name of errorClasses) expect(strategies).toContain(`\`${name}\``);
    expect(strategies).toContain(`tried again: ${passingClasses.map((name) => `\`${name}\``).join(', ')}.`);
    expect(strategies).toContain(`\`lostAfterHours\` (${strategyDefaults.lostAfterHours})`);
    expect(strategies).toContain(`\`deadlineHours\` (${strategyDefaults.deadlineHours})`);
  });
});
