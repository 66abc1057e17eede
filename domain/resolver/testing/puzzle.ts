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

/**
 * A partition problem: each choice costs either disk or memory, and of both there is exactly half of what all of them
 * cost together.
 */
export function puzzle(choices = 60, seed = 3): Puzzle {
  let state = seed;
  const weights = Array.from({ length: choices }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return (1 + (state % 999)) * 4_096;
  });
  const half = Math.floor(weights.reduce((sum, weight) => sum + weight, 0) / 2);
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
    hardware: { diskFree: half, diskTotal: 2 * half, memoryFree: half, memoryTotal: 2 * half },
  };
}
