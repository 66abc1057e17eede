import { targetText, type RolloutTarget } from '../domain/rollout/target.js';
import type { Database } from './database.js';
import { noDeployment } from './deployment-repository.js';

/** What a row of `rollout` has of its target: it is a deployment when it has none of the last four. */
interface TargetColumns {
  /** As people read it; a deployment by its name. */
  readonly target: string | null;
  readonly gatewayIds: readonly string[];
  readonly selector: string | null;
  readonly campaignId: string | null;
  /** With campaignId. */
  readonly phase: number | null;
}

export function toTarget(row: TargetColumns): RolloutTarget {
  const { target, gatewayIds, selector, campaignId, phase } = row;
  if (selector !== null) return { select: selector };
  if (campaignId !== null && phase !== null) return { campaign: campaignId, phase };
  return gatewayIds.length > 0 ? { gateways: gatewayIds } : { deployment: target ?? '' };
}

/** @throws LeonoreError DEPLOYMENT_NOT_FOUND */
export async function targetColumns(database: Database, target: RolloutTarget) {
  const text = targetText(target);
  if ('gateways' in target) return { target: text, gatewayIds: [...target.gateways] };
  if ('select' in target) return { target: text, selector: target.select };
  if ('campaign' in target) return { target: text, campaignId: target.campaign, phase: target.phase };
  const row = await database.deployment.findUnique({ where: { name: target.deployment } });
  if (row === null) throw noDeployment(target.deployment);
  return { target: text, deploymentId: row.id };
}
