import { parseRequest } from '../domain/plan/request.js';
import { judge, type Standing, type WantedOf } from '../domain/wanted-state/judge.js';
import type { Demand } from '../domain/wanted-state/ranges.js';
import type { Repositories } from '../repositories/repositories.js';
import type { OpenWantedState, WantedState } from '../repositories/wanted-state-repository.js';
import { selectRequested } from './select-requested.js';

type Rooms = Pick<Repositories, 'artifacts' | 'members' | 'wantedStates'>;

/** What a wanted state asks for, as it is judged by. */
export function wantedOf({
  id,
  requests,
  versions,
  deployment,
}: Pick<WantedState, 'id' | 'requests' | 'versions' | 'deployment'>): WantedOf {
  const demands = requests.map((text, index): Demand => {
    const { name, range } = parseRequest(text);
    const version = versions[index] ?? '';
    return { name, range, version: version.slice(version.indexOf('@', 1) + 1) };
  });
  return { title: `wanted state ${id} for ${deployment}`, demands };
}

/**
 * Judges gateways in all wanted states that hold for them, and writes what has changed. Done again it changes nothing.
 * @param open all that have not ended
 */
export async function judgeGateways(
  { members, wantedStates }: Rooms,
  open: readonly OpenWantedState[],
  gatewayIds: readonly string[],
  nowMs: number,
): Promise<void> {
  if (open.length === 0 || gatewayIds.length === 0) return;
  const [gateways, known] = await Promise.all([
    wantedStates.look(gatewayIds),
    wantedStates.standings(gatewayIds),
  ]);
  const belonging = await Promise.all(
    open.map(async (wanted) => ({
      id: wanted.id,
      wanted: wantedOf(wanted),
      ids: await members.among({ deployment: wanted.deployment }, gatewayIds),
    })),
  );
  const before = new Map(known.map((row) => [`${row.wantedStateId} ${row.gatewayId}`, row]));
  const changes = gateways.flatMap((gateway) => {
    const own = belonging.filter(({ ids }) => ids.has(gateway.id));
    return own.flatMap(({ id, wanted }) => {
      const row = before.get(`${id} ${gateway.id}`);
      const standing = judge({
        wanted,
        others: own.filter((other) => other.id !== id).map((other) => other.wanted),
        gateway,
        before: row?.before ?? null,
        attempt: row?.attempt ?? null,
        nowMs,
        jitter: Math.random(),
      });
      return row !== undefined && same(row.before, standing)
        ? []
        : [{ wantedStateId: id, gatewayId: gateway.id, standing }];
    });
  });
  await wantedStates.store(changes);
  const belongs = new Map(belonging.map(({ id, ids }) => [id, ids]));
  await wantedStates.forget(
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
 * Notices that the catalog has changed: where a newer version counts by itself, all gateways are looked at; otherwise those
 * that could not be brought there are tried anew.
 */
export async function followCatalog(
  { artifacts, wantedStates }: Rooms,
  open: readonly OpenWantedState[],
): Promise<void> {
  const catalogChanges = await wantedStates.catalogChanges();
  for (const wanted of open) {
    if (wanted.catalogChanges === catalogChanges) continue;
    // What was removed from the catalog counts as long as nothing else does.
    const versions = wanted.automatic
      ? await selectRequested(artifacts, wanted.requests).catch(() => wanted.versions)
      : wanted.versions;
    if (versions.join(' ') === wanted.versions.join(' '))
      await wantedStates.tryAnew(wanted.id, catalogChanges);
    else await wantedStates.lookAtAll(wanted.id, { versions, catalogChanges });
  }
}
