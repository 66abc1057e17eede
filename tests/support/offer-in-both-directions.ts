import { randomBytes } from 'node:crypto';
import type { Repositories } from '../../repositories/repositories.js';
import { offerPackage, planOf } from './test-repositories.js';

/** Steps iv to vi of a rollout, as its node does them: who comes to its offer looks in both directions. */
export async function offerInBothDirections(repositories: Repositories, rolloutId: string): Promise<void> {
  await offerPackage(repositories, rolloutId, {
    plan: planOf(['thermometer@1.0.0']),
    content: { digest: randomBytes(32).toString('hex'), sizeBytes: 10 },
    before: (chunk) => repositories.overlaps.yieldToNewer(rolloutId, chunk),
  });
  await repositories.overlaps.supersedeOlder(rolloutId, 0);
}
