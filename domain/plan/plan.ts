/**
 * A plan: one way to satisfy a request on a gateway (paper, section III-C 3: "a plan that can be used to build
 * the actual application package"). The field names are those of `leonore resolve --json`.
 */
import type { Demands } from '../artifact/operation.js';

/** An artifact that the request needs on the gateway, be it installed by this plan or kept from before. */
export interface PlannedArtifact {
  readonly name: string;
  readonly version: string;
  /** Label of the chosen variant's platform, `any` when it runs anywhere. */
  readonly variant: string;
  /** Position in the manifest's variants; null when the manifest lists none, or when nothing is installed. */
  readonly variantIndex: number | null;
  /**
   * Names of the artifacts that need it; the word `request` when it was asked for, the word `installed` when it is
   * there only to replace an installed package that stays wanted.
   */
  readonly requiredBy: readonly string[];
  /** What running it takes from the gateway; absent when it demands nothing. */
  readonly demands?: Demands;
}

/** The dependency tree below one requested artifact; a node met again is only named, with `seen`. */
export interface PlanTree {
  readonly name: string;
  readonly version: string;
  /** What the node is on the gateway after the plan. */
  readonly action: 'install' | 'keep' | 'fixed';
  readonly requires: readonly PlanTree[];
  readonly seen?: true;
}

export interface Plan {
  readonly artifacts: readonly PlannedArtifact[];
  /** `name@version` in the order of installation: dependencies first. */
  readonly install: readonly string[];
  /** `name@version` of installed packages that go, replaced versions among them. */
  readonly remove: readonly string[];
  /** `name@version` of installed packages that stay. */
  readonly keep: readonly string[];
  /** Those of `remove` that go only because nothing needs them any more; they may stay if somebody wants them. */
  readonly orphans?: readonly string[];
  readonly downloadSize: number;
  /** Bytes of what is installed by this plan, once it is on disk. */
  readonly installedSize: number;
  /** Highest number of bytes on disk that the plan needs beyond what is there now. */
  readonly peakDisk: number;
  /** True when old and new do not fit together: what is removed goes before the new is unpacked. */
  readonly removeFirst: boolean;
  /** When removing first: what has to be installed again to get back to where the gateway was. */
  readonly restore?: readonly string[];
  readonly tree: readonly PlanTree[];
  /** Whether it is proven that no plan is better, or the budget ended before; absent in plans of an older LEONORE. */
  readonly optimal?: Optimality;
  /** Those of `remove` that an operator asked for and nothing replaces: taking them away needs consent. */
  readonly consent?: readonly string[];
}

export const optimalities = ['proven', 'best-found'] as const;
export type Optimality = (typeof optimalities)[number];

/** How a resolution can end. */
export const outcomes = ['solved', 'unsatisfiable', 'undecided'] as const;

export interface Resolution {
  /** `undecided`: the budget ended before a plan was found, or proven that there is none. */
  readonly outcome: (typeof outcomes)[number];
  /** Best first; empty unless the request is solved. */
  readonly plans: readonly Plan[];
  /** Why there is no plan, or why nobody knows; null when there is one. */
  readonly explanation: string | null;
}
