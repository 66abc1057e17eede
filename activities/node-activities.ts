import type { Planner } from '../compute/planner.js';
import type { BlobStore } from '../repositories/blob-store.js';
import type { Repositories } from '../repositories/repositories.js';
import type { Signer } from '../trust/ed25519.js';
import type { BuildActivities, DispatchActivities, PlanActivities } from '../workflows/activity-types.js';
import { analyzeCompatibility } from './analyze-compatibility.js';
import { buildPackages } from './build-packages.js';
import type { SourceBuilder } from './package-builder/build-source.js';
import { dispatchDeliveries, type Notifier, type Wake } from './dispatch-deliveries.js';
import { planAnew } from './plan-anew.js';
import { reusePackages } from './reuse-packages.js';

export interface NodeActivityDependencies extends Repositories {
  readonly blobs: BlobStore;
  readonly nodeId: string;
  readonly push: Notifier;
  readonly wake: Wake;
  readonly sourceBuilder: SourceBuilder;
  /** Signs what is built from source. */
  readonly builderKey?: Signer | undefined;
  readonly planner: Planner;
}

/** The activities of one node, by the queue that each is called on. */
export function nodeActivities(dependencies: NodeActivityDependencies): {
  readonly plan: PlanActivities;
  readonly build: BuildActivities;
  readonly dispatch: DispatchActivities;
} {
  return {
    plan: {
      analyzeCompatibility: analyzeCompatibility(dependencies),
      reusePackages: reusePackages(dependencies),
    },
    build: { buildPackages: buildPackages(dependencies), planAnew: planAnew(dependencies) },
    dispatch: { dispatchDeliveries: dispatchDeliveries(dependencies) },
  };
}
