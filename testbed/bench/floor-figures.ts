/** How provisioning stands to the floor: the same bytes to the same gateways without LEONORE. Pure. */
import { median } from '../statistics.js';
import { atMost, fact, type Figure } from './figure.js';

/** A rollout and the floor that was measured right after it. */
export interface ComparedRun {
  readonly seconds: number;
  readonly floorSeconds: number;
}

export interface FloorGoal {
  /** Times the floor. */
  readonly factor: number;
  /** Seconds beyond that. */
  readonly plusSeconds: number;
}

/** @param name of the figures; `what` says what was provisioned */
export function floorFigures(
  name: string,
  what: string,
  runs: readonly ComparedRun[],
  { factor, plusSeconds }: FloorGoal,
): Figure[] {
  const seconds = median(runs.map((run) => run.seconds));
  const floor = median(runs.map((run) => run.floorSeconds));
  const goal = factor * floor + plusSeconds;
  const of = `${what}; median of ${runs.length} runs`;
  return [
    fact(
      `${name}_floor`,
      floor,
      's',
      `${of}: the same clients, connections and bytes, servers that only serve`,
    ),
    atMost(
      Number(goal.toPrecision(4)),
      `${name}_time`,
      seconds,
      's',
      `${of}; the goal is ${factor} times the floor${plusSeconds === 0 ? '' : ` and ${plusSeconds} s`}`,
    ),
    fact(`${name}_over_floor`, seconds / floor, 'ratio', `${of}: time over floor`),
  ];
}
