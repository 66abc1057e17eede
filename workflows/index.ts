/** All workflows of LEONORE; the workers bundle this file. */
export { campaign } from './campaign.js';
export { nodePool } from './node-pool.js';
export { rollout } from './rollout.js';
export { nodeShare } from './node-share.js';
export { deliverChunk } from './deliver-chunk.js';
export { housekeeping } from './housekeeping.js';
export { webhook } from './webhook.js';
