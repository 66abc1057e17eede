import { ComputePool } from '../../compute/compute-pool.js';
import type { PlanningLimits } from '../../compute/planner.js';

/** Puzzles end soon, and nothing else gets near it. */
export const testPlanning: PlanningLimits = { groupMs: 1_500, totalMs: 10_000 };

/** As a process of LEONORE has it. */
export function testPool(): ComputePool {
  return new ComputePool({ processes: 4, memoryMb: 256 });
}
