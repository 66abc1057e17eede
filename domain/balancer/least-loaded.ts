import type { BalancerStrategy } from './strategy.js';

/**
 * What a node really does: its gateways and deliveries against the threshold, its processor time and its memory, all
 * between 0 and about 1. Gateways count too because what is measured is as old as a heartbeat: a storm of
 * registrations within one must not all end on the node that was idle before it.
 */
export const leastLoaded: BalancerStrategy = {
  distance: () => 0,
  load: ({ gateways, deliveries, cpuShare, memoryShare }, threshold) =>
    gateways / threshold + deliveries / threshold + cpuShare + memoryShare,
};
