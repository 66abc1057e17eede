import type { Literal } from './solver/literal.js';

/** A cost that a plan bears when the literal is true. */
export interface CostTerm {
  readonly literal: Literal;
  readonly weight: number;
}

/** One criterion of the ranking: the sum of its terms is to be small. Terms may be added while searching. */
export interface CostLayer {
  readonly name: string;
  readonly terms: CostTerm[];
  /** Whether an answer short of the optimum is acceptable when finding it takes too long. */
  readonly negotiable: boolean;
}

/**
 * The ranking of plans: layers in falling importance, each decisive only among plans that are equal before it.
 *
 * 1. requests: how far each is from the newest version, in the order of the requests
 * 2. disturbed: installed packages lost or replaced; then, of those, the lost ones
 * 3. optional: optional requirements left unmet
 * 4. ages: how many newer versions there are of each dependency, those one requirement away first
 * 5. download: bytes
 * 6. count: artifacts to install
 */
export class CostLayers {
  /** In the order of importance. */
  readonly layers: readonly CostLayer[];
  readonly requests: readonly CostLayer[];
  private readonly ages: readonly CostLayer[];
  private readonly named: Readonly<
    Record<'disturbed' | 'lost' | 'optional' | 'download' | 'count' | 'disk' | 'memory', CostLayer>
  >;

  /**
   * @param requests number of requests
   * @param farthest greatest distance of a name from the requests
   */
  constructor(requests: number, farthest: number) {
    this.requests = Array.from({ length: requests }, (_, index) => layer(`request ${index + 1}`));
    // One more for names that only installed packages lead to.
    this.ages = Array.from({ length: farthest + 1 }, (_, index) => layer(`ages at ${index + 1}`, true));
    this.named = {
      disturbed: layer('disturbed'),
      lost: layer('lost'),
      optional: layer('optional'),
      download: layer('download', true),
      count: layer('count', true),
      // Not part of the ranking: they tell how much a gateway lacks when nothing fits.
      disk: layer('disk'),
      memory: layer('memory'),
    };
    const { disturbed, lost, optional, download, count } = this.named;
    this.layers = [...this.requests, disturbed, lost, optional, ...this.ages, download, count];
  }

  layer(name: keyof CostLayers['named']): CostLayer {
    return this.named[name];
  }

  add(name: keyof CostLayers['named'], literal: Literal, weight: number): void {
    if (weight > 0) this.named[name].terms.push({ literal, weight });
  }

  addRequest(index: number, literal: Literal, rank: number): void {
    if (rank > 0) this.requests[index]?.terms.push({ literal, weight: rank });
  }

  /** @param distance of the artifact's name from the requests; undefined when they do not lead to it */
  addAge(distance: number | undefined, literal: Literal, age: number): void {
    const index = distance === undefined ? this.ages.length - 1 : distance - 1;
    if (age > 0) this.ages[index]?.terms.push({ literal, weight: age });
  }
}

function layer(name: string, negotiable = false): CostLayer {
  return { name, terms: [], negotiable };
}
