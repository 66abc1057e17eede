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
}

/** A criterion: a sum, or the ages of dependencies, nearest first, whose terms depend on the plan (nearest-first.ts). */
export type Criterion = CostLayer | 'nearest';

/**
 * The ranking of plans: criteria in falling importance, each decisive only among plans that are equal before it.
 *
 * 1. taken: packages that an operator asked for and the plan takes away; left out where that is allowed
 * 2. requests: how far each is from the newest version, in the order of the requests
 * 3. disturbed: installed packages lost or replaced; then, of those, the lost ones
 * 4. optional: optional requirements left unmet
 * 5. ages: how many newer versions there are of each dependency, nearest first; those that no request leads to at last
 * 6. download: bytes
 * 7. count: artifacts to install
 */
export class CostLayers {
  /** In the order of importance. */
  readonly criteria: readonly Criterion[];
  readonly requests: readonly CostLayer[];
  private readonly named: Readonly<
    Record<
      'taken' | 'disturbed' | 'lost' | 'optional' | 'ages' | 'download' | 'count' | 'disk' | 'memory',
      CostLayer
    >
  >;

  /**
   * @param requests number of requests
   * @param allowRemove whether newer requested versions count more than packages that were asked for before
   */
  constructor(requests: number, allowRemove: boolean) {
    this.requests = Array.from({ length: requests }, (_, index) => layer(`request ${index + 1}`));
    this.named = {
      taken: layer('taken'),
      disturbed: layer('disturbed'),
      lost: layer('lost'),
      optional: layer('optional'),
      // The terms of the criterion `nearest`.
      ages: layer('ages'),
      download: layer('download'),
      count: layer('count'),
      // Not part of the ranking: they tell how much a gateway lacks when nothing fits.
      disk: layer('disk'),
      memory: layer('memory'),
    };
    const { taken, disturbed, lost, optional, download, count } = this.named;
    const consent = allowRemove ? [] : [taken];
    this.criteria = [...consent, ...this.requests, disturbed, lost, optional, 'nearest', download, count];
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
}

function layer(name: string): CostLayer {
  return { name, terms: [] };
}
