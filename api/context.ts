import type { ComputePool } from '../compute/compute-pool.js';
import type { Planner } from '../compute/planner.js';
import type { PushAddresses } from '../connectivity/http/push-address.js';
import type { BlobStore } from '../repositories/blob-store.js';
import type { Repositories } from '../repositories/repositories.js';
import type { SecretBox } from '../repositories/secret-box.js';
import type { RolloutClient } from '../workflows/client/rollout-client.js';
import type { Access } from './access.js';

/** What the routes work with. */
export interface ApiContext {
  readonly repositories: Repositories;
  readonly blobs: BlobStore;
  /** For what computes: the thread that serves must not wait for it. */
  readonly pool: ComputePool;
  readonly planner: Planner;
  /** Seals what operators set as secret. */
  readonly secrets: SecretBox;
  readonly rolloutClient: RolloutClient;
  readonly access: Access;
  /** Seconds between two polls of a gateway that has no interval of its own. */
  readonly pollSeconds: number;
  /** Where gateways may be notified. */
  readonly pushAddresses: PushAddresses;
  /** Tells the node pool that there is something to do; returns at once, and tells it at most once a second. */
  readonly wakePool: () => void;
}

/** A route plugin's options. */
export interface RouteOptions {
  readonly context: ApiContext;
}
