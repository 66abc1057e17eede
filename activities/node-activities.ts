import type { Planner } from '../compute/planner.js';
import type { BlobStore } from '../repositories/blob-store.js';
import type { Repositories } from '../repositories/repositories.js';
import type { NodeActivities } from '../workflows/activity-types.js';
import { analyzeCompatibility } from './analyze-compatibility.js';
import { buildPackages } from './build-packages.js';
import type { SourceBuilder } from './package-builder/build-source.js';
import { dispatchDeliveries, type PushNotifier } from './dispatch-deliveries.js';

export interface NodeActivityDependencies extends Repositories {
  readonly blobs: BlobStore;
  readonly nodeId: string;
  readonly push: PushNotifier;
  readonly sourceBuilder: SourceBuilder;
  readonly planner: Planner;
}

/** The activities of one node: steps iv, v and vi. */
export function nodeActivities(dependencies: NodeActivityDependencies): NodeActivities {
  return {
    analyzeCompatibility: analyzeCompatibility(dependencies),
    buildPackages: buildPackages(dependencies),
    dispatchDeliveries: dispatchDeliveries(dependencies),
  };
}
