import { leastLoaded } from './least-loaded.js';
import { load } from './load.js';
import { location } from './location.js';
import type { BalancerStrategy } from './strategy.js';

/** The strategies by the name that configuration gives them; a further one is one more line here. */
export const strategies = {
  load,
  'least-loaded': leastLoaded,
  location,
} as const satisfies Record<string, BalancerStrategy>;

export type StrategyName = keyof typeof strategies;

export const strategyNames = Object.keys(strategies) as StrategyName[];
