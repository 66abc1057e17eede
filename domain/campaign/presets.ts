import { nearestName } from '../nearest-name.js';
import { LeonoreError } from '../errors.js';
import { passingClasses } from './error-class.js';
import type { Retries, Strategy } from './strategy.js';

/** After a minute, then four times as late each time up to an hour. */
const retries: Retries = {
  classes: [...passingClasses],
  most: 3,
  firstDelaySeconds: 60,
  factor: 4,
  longestDelaySeconds: 3_600,
};

/** Strategies that have a name. */
export const presets = {
  /** Everybody at once, as a rollout does, with retries. */
  'all-at-once': { phases: [], retries },
  /** A twentieth first, then the rest; what fails there is taken back. */
  canary: {
    phases: [{ name: 'canary', percent: 5 }],
    gate: { successShare: 0.95, bakeMinutes: 10 },
    errorBudget: { share: 0.05, minimumSample: 20, onBreach: 'roll-back-all' },
    retries,
  },
  /** In four steps; a person lets the canary pass, and what fails halts it. */
  careful: {
    phases: [
      {
        name: 'canary',
        percent: 1,
        gate: { successShare: 1, bakeMinutes: 60, approval: { role: 'operator' } },
      },
      { name: 'early', percent: 9 },
      { name: 'half', percent: 40 },
    ],
    gate: { successShare: 0.98, bakeMinutes: 30 },
    errorBudget: { share: 0.02, minimumSample: 50, onBreach: 'pause' },
    retries,
  },
  /** Everybody at once, before all other work, whatever the hour; stops when half of them fail. */
  emergency: {
    phases: [],
    priority: 'emergency',
    skip: ['phases', 'windows'],
    errorBudget: { share: 0.5, minimumSample: 20, onBreach: 'stop' },
    retries,
  },
} satisfies Record<string, Strategy>;

export type PresetName = keyof typeof presets;

export const presetNames = Object.keys(presets) as readonly PresetName[];

/** @throws LeonoreError STRATEGY_INVALID, with the names there are */
export function presetOf(name: string): Strategy {
  if (Object.hasOwn(presets, name)) return presets[name as PresetName];
  const near = nearestName(name, presetNames);
  const hint = near === null ? '' : `; did you mean "${near}"?`;
  throw new LeonoreError(
    'STRATEGY_INVALID',
    `there is no strategy called "${name}"; there are ${presetNames.join(', ')}${hint}`,
  );
}
