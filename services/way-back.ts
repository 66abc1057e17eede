import { nextStepBack } from '../domain/campaign/way-back.js';
import { planUninstallation } from '../domain/order/uninstallation.js';
import type { Campaign } from '../repositories/campaign-repository.js';
import type { OrderMember } from '../repositories/delivery/delivery-writer.js';
import type { Repositories } from '../repositories/repositories.js';
import type { ReturningGroup } from '../repositories/way-back-repository.js';

/**
 * Has the gateways of a campaign that are on their way back take their next steps, as far as their work has ended. Done
 * again it changes nothing.
 */
export async function goOnWayBack(
  repositories: Pick<Repositories, 'artifacts' | 'orders' | 'wayBack'>,
  campaign: Campaign,
): Promise<void> {
  const { deadlineSeconds } = campaign.options;
  const { wayBack } = repositories;
  await wayBack.endGone(campaign);
  for (const group of await wayBack.groups(campaign.id)) {
    const step = nextStepBack({ ...group, brought: campaign.selected });
    // Before what was is delivered: the delivery brings them. Who is left keeps what it has.
    if (step.step !== 'end' || step.leftBecause === null) await wayBack.restoreValues(campaign.id, group);
    switch (step.step) {
      case 'deliver':
        await wayBack.deliver(campaign, group, step.requests, deadlineSeconds);
        break;
      case 'uninstall':
        await uninstall(repositories, campaign, group, step.artifact, deadlineSeconds);
        break;
      case 'end':
        await wayBack.ended(campaign.id, group, step.leftBecause);
        break;
    }
  }
}

/** An order is given under a key of its own, so that it is given once whoever dies meanwhile. */
async function uninstall(
  { artifacts, orders, wayBack }: Pick<Repositories, 'artifacts' | 'orders' | 'wayBack'>,
  { id }: Campaign,
  group: ReturningGroup,
  artifact: string,
  deadlineSeconds: number,
): Promise<void> {
  const catalog = await artifacts.loadCatalog([...new Set(group.now.map(({ name }) => name))]);
  const members: OrderMember[] = [];
  for (const { gatewayId, profile } of await wayBack.gateways(id, group)) {
    const planned = planUninstallation(profile, artifact, ({ name, version }) =>
      catalog.versionsOf(name).find((manifest) => manifest.version === version),
    );
    if ('neededBy' in planned) {
      const because = `${planned.neededBy} needs ${artifact}, which was not there before`;
      await wayBack.ended(id, group, because, [gatewayId]);
      continue;
    }
    const changes = planned.also.length === 0 ? {} : { also: [...planned.also] };
    members.push({ gatewayId, startState: profile.state?.digest ?? null, changes });
  }
  const [first] = members;
  if (first === undefined) return;
  const order = await orders.add(
    {
      action: 'uninstall',
      artifact,
      deadlineSeconds,
      idempotencyKey: `campaign/${id}/back/${first.gatewayId}/${group.tries}`,
      requestDigest: '',
    },
    members,
  );
  await wayBack.given(id, group.phase, order.id, artifact);
}
