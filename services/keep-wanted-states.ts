import { judge, type Standing } from '../domain/wanted-state/judge.js';
import { isNewer } from '../domain/wanted-state/newer-versions.js';
import type { Repositories } from '../repositories/repositories.js';
import type { OpenWantedState } from '../repositories/wanted-state-repository.js';
import { bringOut } from './bring-out.js';
import { selectRequested } from './select-requested.js';
import { wantedOf } from './wanted-of.js';

type Rooms = Pick<
  Repositories,
  | 'artifacts'
  | 'campaigns'
  | 'campaignFacts'
  | 'deployments'
  | 'members'
  | 'stateKeeping'
  | 'wantedCampaigns'
  | 'wantedMembers'
  | 'wantedStates'
>;

/**
 * Judges gateways in all wanted states that hold for them, and writes what has changed. Done again it changes nothing.
 * @param open all that have not ended
 */
export async function judgeGateways(
  { members, wantedMembers }: Pick<Rooms, 'members' | 'wantedMembers'>,
  open: readonly OpenWantedState[],
  gatewayIds: readonly string[],
  nowMs: number,
): Promise<void> {
  if (open.length === 0 || gatewayIds.length === 0) return;
  const [gateways, known] = await Promise.all([
    wantedMembers.look(gatewayIds),
    wantedMembers.standings(gatewayIds),
  ]);
  const belonging = await Promise.all(
    open.map(async (wanted) => ({
      id: wanted.id,
      isHeldBack: wanted.isHeldBack,
      wanted: wantedOf(wanted),
      ids: await members.among({ deployment: wanted.deployment }, gatewayIds),
    })),
  );
  const before = new Map(known.map((row) => [`${row.wantedStateId} ${row.gatewayId}`, row]));
  const changes = gateways.flatMap((gateway) => {
    const own = belonging.filter(({ ids }) => ids.has(gateway.id));
    return own.flatMap(({ id, wanted, isHeldBack }) => {
      const row = before.get(`${id} ${gateway.id}`);
      const standing = judge({
        wanted,
        others: own.filter((other) => other.id !== id).map((other) => other.wanted),
        gateway,
        before: row?.before ?? null,
        attempt: row?.attempt ?? null,
        isHeldBack,
        nowMs,
        jitter: Math.random(),
      });
      return row !== undefined && same(row.before, standing)
        ? []
        : [{ wantedStateId: id, gatewayId: gateway.id, standing }];
    });
  });
  await wantedMembers.store(changes);
  const belongs = new Map(belonging.map(({ id, ids }) => [id, ids]));
  await wantedMembers.forget(
    known.filter(({ wantedStateId, gatewayId }) => belongs.get(wantedStateId)?.has(gatewayId) === false),
  );
}

function same(one: Standing, other: Standing): boolean {
  return (
    one.standing === other.standing &&
    one.reason === other.reason &&
    one.basis === other.basis &&
    one.attempts === other.attempts &&
    one.dueAtMs === other.dueAtMs &&
    one.target.join(' ') === other.target.join(' ') &&
    one.settled.join(' ') === other.settled.join(' ')
  );
}

/**
 * Notices that the catalog has changed: where a newer version counts by itself, all gateways are looked at, or a campaign
 * brings it out where there is a strategy; otherwise those that could not be brought there are tried anew.
 * @returns ids of the campaigns that were recorded
 */
export async function followCatalog(rooms: Rooms, open: readonly OpenWantedState[]): Promise<string[]> {
  const { artifacts, stateKeeping, wantedStates } = rooms;
  const catalogChanges = await stateKeeping.catalogChanges();
  const begun: string[] = [];
  for (const wanted of open) {
    if (wanted.catalogChanges === catalogChanges) continue;
    // What was removed from the catalog counts as long as nothing else does.
    const versions = wanted.automatic
      ? await selectRequested(artifacts, wanted.requests).catch(() => wanted.versions)
      : wanted.versions;
    const { strategy } = wanted;
    if (strategy !== null && (wanted.isHeldBack || isNewer(versions, wanted.versions))) {
      const campaignId = await bringOut(rooms, { ...wanted, strategy }, open, { versions, catalogChanges });
      if (campaignId !== null) begun.push(campaignId);
    } else if (versions.join(' ') === wanted.versions.join(' '))
      await wantedStates.tryAnew(wanted.id, catalogChanges);
    else await wantedStates.lookAtAll(wanted.id, { versions, catalogChanges });
  }
  return begun;
}
