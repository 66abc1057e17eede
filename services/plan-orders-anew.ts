import { planUninstallation } from '../domain/order/uninstallation.js';
import type { Repositories } from '../repositories/repositories.js';

/**
 * Sees to orders that gateways refused because they were in another state than these were meant for: what still may be
 * done is offered again, for the state that they are in now.
 */
export async function planOrdersAnew({
  artifacts,
  orders,
}: Pick<Repositories, 'artifacts' | 'orders'>): Promise<void> {
  const refused = await orders.refused();
  if (refused.length === 0) return;
  const names = refused.flatMap(({ profile }) => (profile.installed ?? []).map(({ name }) => name));
  const catalog = await artifacts.loadCatalog([...new Set(names)]);
  for (const part of refused) {
    const { orderId, ordinal, gatewayId, artifact, profile, changes } = part;
    if ((profile.installed ?? []).every(({ name }) => name !== artifact)) {
      await orders.endRefused(part, 'nothing to do');
      continue;
    }
    const planned = planUninstallation(profile, artifact, ({ name, version }) =>
      catalog.versionsOf(name).find((manifest) => manifest.version === version),
    );
    if ('neededBy' in planned) {
      const message = `${planned.neededBy} on gateway "${gatewayId}" needs ${artifact}`;
      await orders.endRefused(part, { code: 'ARTIFACT_NEEDED', message });
    } else {
      const { also } = planned;
      const startState = profile.state?.digest ?? null;
      await orders.offerAnew(orderId, {
        ordinal,
        startState,
        changes: { ...changes, also: [...also] },
      });
    }
  }
}
