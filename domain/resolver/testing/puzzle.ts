import type { ArtifactManifest } from '../../artifact/manifest.js';
import type { GatewayProfile } from '../../gateway/profile.js';

/** A request that keeps any resolver busy, and the free resources that make it so. */
export interface Puzzle {
  /** `puzzle 1.0.0` and what it requires. */
  readonly artifacts: readonly ArtifactManifest[];
  readonly hardware: Pick<
    GatewayProfile['hardware'],
    'diskFree' | 'diskTotal' | 'memoryFree' | 'memoryTotal'
  >;
}

/** All weights are multiples of it. */
const unit = 8_192;

/**
 * A partition problem: each choice costs either disk or memory, and of both there is half of what all of them cost
 * together, and half a unit beside. So there is enough of both together, and yet no way: whatever the choices are, half
 * a unit is left of the one, and half a unit is missing of the other.
 */
export function puzzle(choices = 60, seed = 3): Puzzle {
  let state = seed;
  const weights = Array.from({ length: choices }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return (1 + (state % 999)) * unit;
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const half = Math.floor(total / 2 / unit) * unit + unit / 2;
  // Each part takes some bytes of both, too.
  const free = { disk: half + 2 * choices, memory: total - half + choices };
  const part = (name: string, installedSize: number, memory: number): ArtifactManifest => ({
    name,
    version: '1.0.0',
    kind: 'library',
    variants: [{ size: 1, installedSize, memory }],
  });
  return {
    artifacts: [
      {
        name: 'puzzle',
        version: '1.0.0',
        kind: 'application',
        requires: weights.map((_weight, index) => ({
          anyOf: [{ name: `disk-${index}` }, { name: `memory-${index}` }],
        })),
      },
      ...weights.flatMap((weight, index) => [
        part(`disk-${index}`, weight, 1),
        part(`memory-${index}`, 1, weight),
      ]),
    ],
    hardware: {
      diskFree: free.disk,
      diskTotal: 2 * free.disk,
      memoryFree: free.memory,
      memoryTotal: 2 * free.memory,
    },
  };
}
