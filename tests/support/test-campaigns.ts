import { randomUUID } from 'node:crypto';
import { newCampaignStatus, type CampaignStatus } from '../../domain/campaign/facts.js';
import type { CampaignAction } from '../../domain/campaign/decide.js';
import type { Strategy } from '../../domain/campaign/strategy.js';
import type { DeliveryState } from '../../domain/delivery/state.js';
import { inTransaction } from '../../repositories/database.js';
import type { TestRepositories } from './test-repositories.js';

/**
 * Records a campaign to gateways, the phases given by their ids.
 * @param scopes within which it is asked for; none: the whole fleet
 * @returns its id
 */
export async function addCampaign(
  { campaigns, campaignWork, database }: TestRepositories,
  phases: readonly (readonly string[])[],
  strategy: Strategy = { phases: [] },
  scopes: readonly string[] = [],
): Promise<string> {
  const asked = {
    id: randomUUID(),
    requests: ['app@^2'],
    selected: ['app@2.0.0'],
    target: { gateways: phases.flat() },
    strategy,
    options: { deadlineSeconds: 3_600 },
  };
  const said = { who: 'operator test', why: null };
  await inTransaction(database, (tx) => campaigns.create(asked, said, tx, scopes));
  const { id } = asked;
  await campaignWork.chooseMembers(
    id,
    phases.map((gatewayIds, phase) => ({ name: `phase ${phase}`, gatewayIds })),
  );
  return id;
}

/** Has a campaign do something, as its workflow would. @returns false when it was not done */
export async function act(
  { campaigns, campaignWork }: TestRepositories,
  id: string,
  action: CampaignAction,
  status: Partial<CampaignStatus> = {},
): Promise<boolean> {
  const wishes = (await campaigns.wishes(id)).length;
  return campaignWork.carryOut(id, { action, status: { ...newCampaignStatus, wishes, ...status } });
}

/** Ends the work that gateways were given last: as LEONORE would hear of it. */
export async function endWork(
  { database, members, rollouts, campaignWork }: TestRepositories,
  id: string,
  gatewayIds: readonly string[],
  state: DeliveryState,
  error: object | null = null,
): Promise<void> {
  for (const work of await campaignWork.list(id, 100)) {
    if (work.endedAt !== null || work.action !== 'install') continue;
    await members.addDeliveries(work.id, await rollouts.target(work.id));
    await database.$executeRaw`
      UPDATE delivery SET state = ${state}, ended_at = now(), error = ${error === null ? null : JSON.stringify(error)}::jsonb
      WHERE rollout_id = ${work.id}::uuid AND gateway_id = ANY(${gatewayIds}::text[])`;
    await database.$executeRaw`
      UPDATE rollout r SET state = 'partly', ended_at = now() WHERE id = ${work.id}::uuid
        AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.rollout_id = r.id AND d.ended_at IS NULL)`;
  }
}

/** What is installed on gateways from now on. */
export async function install(
  { database }: TestRepositories,
  gatewayIds: readonly string[],
  keys: readonly string[],
): Promise<void> {
  const installed = keys.map((key) => {
    const [name = '', version = ''] = key.split('@');
    return { name, version, requested: true };
  });
  await database.$executeRaw`
    UPDATE gateway SET installed = ${JSON.stringify(installed)}::jsonb WHERE id = ANY(${gatewayIds}::text[])`;
}
