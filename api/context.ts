import type { ComputePool } from '../compute/compute-pool.js';
import type { Planner } from '../compute/planner.js';
import type { AddressRules } from '../connectivity/gateway-handler.js';
import type { WebhookAddresses } from '../connectivity/webhook-addresses.js';
import type { ToldAuthorities } from '../serving/tls.js';
import type { BlobStore } from '../repositories/blob-store.js';
import type { Repositories } from '../repositories/repositories.js';
import type { SecretBox } from '../repositories/secret-box.js';
import type { Sealer } from '../repositories/value-repository.js';
import type { CampaignClient } from '../workflows/client/campaign-client.js';
import type { RolloutClient } from '../workflows/client/rollout-client.js';
import type { Access } from './access.js';
import type { OpenStreams } from './open-streams.js';
import type { SignIn } from './sign-in/sign-in.js';

/** What the routes work with. */
export interface ApiContext {
  readonly repositories: Repositories;
  readonly blobs: BlobStore;
  /** For what computes: the thread that serves must not wait for it. */
  readonly pool: ComputePool;
  readonly planner: Planner;
  /** Seals and opens the secrets of HMAC keys, which registrations are verified with, and seals those of webhooks. */
  readonly secrets: SecretBox;
  /** Seals what operators set as secret; nodes alone can open it. */
  readonly values: Sealer;
  readonly rolloutClient: RolloutClient;
  readonly campaignClient: CampaignClient;
  /** Where people see a workflow in Temporal's web UI; null where nobody has said where that is. */
  readonly workflowAddress: (workflowId: string) => string | null;
  readonly access: Access;
  /** Sign-in by an OpenID provider; null where there is none. */
  readonly signIn: SignIn | null;
  /** Seconds between two polls of a gateway that has no interval of its own. */
  readonly pollSeconds: number;
  /** What gateways are told to verify servers by; null where they believe whom their system believes. */
  readonly authorities: Pick<ToldAuthorities, 'pem'> | null;
  /** Where gateways may be notified. */
  readonly pushAddresses: Pick<AddressRules, 'check'>;
  /** Where webhooks may be sent. */
  readonly webhookAddresses: Pick<WebhookAddresses, 'check'>;
  /** Tells the node pool that there is something to do; returns at once, and tells it at most once a second. */
  readonly wakePool: () => void;
}

/** A route plugin's options. */
export interface RouteOptions {
  readonly context: ApiContext;
  /** Streams that this process serves, whatever they tell. */
  readonly streams: OpenStreams;
}
