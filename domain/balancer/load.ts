import type { BalancerStrategy } from './strategy.js';

/** The paper's strategy: nodes are loaded by the number of gateways that they have. */
export const load: BalancerStrategy = {
  distance: () => 0,
  load: (node) => node.gateways,
};
