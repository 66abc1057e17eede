import { LeonoreError } from '../domain/errors.js';
import type { NamedTarget } from '../domain/rollout/target.js';
import { parseSelector } from '../domain/selector/selector.js';
import type { Repositories } from '../repositories/repositories.js';

/** The ways in which a request names gateways; it uses exactly one. */
interface TargetFields {
  readonly deployment?: string;
  readonly gateways?: readonly string[];
  readonly select?: string;
}

/**
 * Whom a request is for. That there are gateways among them is for the caller to look at.
 * @throws LeonoreError MALFORMED_INPUT when it names none, or in several ways, or the selector cannot be read;
 *   DEPLOYMENT_NOT_FOUND; GATEWAY_NOT_FOUND
 */
export async function readTarget(
  { deployments, gateways }: Pick<Repositories, 'deployments' | 'gateways'>,
  named: TargetFields,
): Promise<NamedTarget> {
  const { deployment, gateways: ids, select } = named;
  const given = [deployment, ids, select].filter((way) => way !== undefined);
  if (given.length !== 1)
    throw new LeonoreError('MALFORMED_INPUT', 'give exactly one of deployment, gateways and select');
  if (deployment !== undefined) {
    await deployments.get(deployment);
    return { deployment };
  }
  if (select !== undefined) {
    parseSelector(select);
    return { select };
  }
  const unique = [...new Set(ids)];
  await refuseUnknown(gateways, unique);
  return { gateways: unique };
}

/** @throws LeonoreError GATEWAY_NOT_FOUND when one of them is not in service */
export async function refuseUnknown(
  gateways: Repositories['gateways'],
  ids: readonly string[],
): Promise<void> {
  const unknown = await gateways.unknownAmong(ids);
  if (unknown.length === 0) return;
  throw new LeonoreError('GATEWAY_NOT_FOUND', `there is no gateway "${unknown[0]}"`, {
    unknown: unknown.slice(0, 100),
  });
}
