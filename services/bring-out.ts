import { randomUUID } from 'node:crypto';
import { LeonoreError } from '../domain/errors.js';
import { barredBy } from '../domain/wanted-state/newer-versions.js';
import type { Strategy } from '../domain/campaign/strategy.js';
import type { Repositories } from '../repositories/repositories.js';
import type { OpenWantedState } from '../repositories/wanted-state-repository.js';
import { requireOpenWindows } from './campaign-windows.js';
import { phasesOf } from './choose-members.js';
import { wantedOf } from './wanted-of.js';

/** What kept a campaign from being started is looked at again after so long. */
const againMs = 60_000;

/** What a campaign of a wanted state is started with. */
interface NewVersions {
  /** `name@version`, one for each request. */
  readonly versions: readonly string[];
  /** How many changes of the catalog there had been before these were chosen. */
  readonly catalogChanges: bigint;
}

/**
 * Starts a campaign that brings newer versions of a wanted state out by its strategy; one at a time, and none for versions
 * that one has brought already. Without gateways there is nobody to go first: the versions simply count.
 * @param open all wanted states that have not ended: one that would take a version back bars it
 * @returns the id of the campaign; null when none was started, and then the wanted state says why where there is a reason
 */
export async function bringOut(
  repositories: Pick<
    Repositories,
    'campaigns' | 'campaignFacts' | 'deployments' | 'members' | 'wantedCampaigns' | 'wantedStates'
  >,
  wanted: OpenWantedState & { readonly strategy: Strategy },
  open: readonly OpenWantedState[],
  { versions, catalogChanges }: NewVersions,
): Promise<string | null> {
  const { campaigns, deployments, wantedCampaigns, wantedStates } = repositories;
  const { id: wantedStateId, requests, deployment, strategy, deadlineSeconds, problemAt } = wanted;
  if (await wantedCampaigns.isTaken(wantedStateId, versions)) {
    await wantedStates.tryAnew(wantedStateId, catalogChanges);
    return null;
  }
  if (problemAt !== null && Date.now() - problemAt.getTime() < againMs) return null;
  const id = randomUUID();
  const asked = { id, requests, selected: versions, target: { deployment }, strategy };
  try {
    await refuseBarred(repositories, wanted, open, versions);
    await phasesOf(repositories, asked);
    await requireOpenWindows(repositories, asked);
    const { scopes } = await deployments.get(deployment);
    const said = { who: `wanted state ${wantedStateId}`, why: null };
    const started = await wantedCampaigns.start(wantedStateId, id, catalogChanges, (tx) =>
      campaigns.create({ ...asked, options: { deadlineSeconds } }, said, tx, scopes),
    );
    return started ? id : null;
  } catch (error) {
    if (!(error instanceof LeonoreError)) throw error;
    if (error.code === 'EMPTY_DEPLOYMENT')
      await wantedStates.lookAtAll(wantedStateId, { versions, catalogChanges });
    else await wantedCampaigns.noteProblem(wantedStateId, error.message);
    return null;
  }
}

/** @throws LeonoreError WANTED_STATE_CONFLICT */
async function refuseBarred(
  { members }: Pick<Repositories, 'members'>,
  { id, deployment }: OpenWantedState,
  open: readonly OpenWantedState[],
  versions: readonly string[],
): Promise<void> {
  for (const other of open) {
    const barred = other.id === id ? null : barredBy(versions, [wantedOf(other)]);
    if (barred !== null && (await members.meet({ deployment: other.deployment }, { deployment })))
      throw new LeonoreError('WANTED_STATE_CONFLICT', barred, { wantedState: other.id });
  }
}
