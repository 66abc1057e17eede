import { artifactKey } from '../domain/artifact/manifest.js';
import { LeonoreError } from '../domain/errors.js';
import { jsonText, type Database, type Transaction } from './database.js';

/** Ids of what has not ended and needs a version. */
export interface WantedBy {
  readonly wantedStates: readonly string[];
  readonly campaigns: readonly string[];
  readonly rollouts: readonly string[];
}

/** Who would miss a version, for an error: of each the first few. */
type ArtifactNeeds = Readonly<Record<keyof typeof needWords | 'rollouts', readonly string[]>>;

const needWords = {
  gateways: 'gateways have it, such as',
  wantedStates: 'wanted by the wanted state',
  campaigns: 'brought by the campaign',
  waysBack: 'gateways go back to it when this campaign is rolled back:',
} as const;

/** Named in an error: enough to go and look. */
const namedNeeds = 5;

/** What has not ended and keeps a version, or is to bring it. */
export async function wantedBy(database: Database | Transaction, key: string): Promise<WantedBy> {
  const [row] = await database.$queryRaw<WantedBy[]>`
    SELECT
      ARRAY(SELECT id::text FROM wanted_state WHERE ended_at IS NULL AND ${key} = ANY(versions) ORDER BY id) AS "wantedStates",
      ARRAY(SELECT id::text FROM campaign WHERE ended_at IS NULL AND ${key} = ANY(selected) ORDER BY id) AS campaigns,
      ARRAY(SELECT DISTINCT r.id::text FROM rollout r JOIN rollout_group g ON g.rollout_id = r.id
            WHERE r.ended_at IS NULL
              AND jsonb_path_exists(g.plans, '$[*].install[*] ? (@ == $key)', jsonb_build_object('key', ${key}::text))) AS rollouts`;
  return row ?? { wantedStates: [], campaigns: [], rollouts: [] };
}

/**
 * @param force whether only unfinished rollouts count, whose packages could not be built any more
 * @throws LeonoreError ARTIFACT_IN_USE that names who needs the version
 */
export async function refuseNeeded(
  tx: Transaction,
  artifact: { readonly name: string; readonly version: string },
  force: boolean,
): Promise<void> {
  const key = artifactKey(artifact);
  const needs = await needsOf(tx, artifact);
  const [rollout] = needs.rollouts;
  if (rollout !== undefined)
    throw new LeonoreError('ARTIFACT_IN_USE', `rollout ${rollout} installs ${key}`, needs);
  const because = (Object.keys(needWords) as (keyof typeof needWords)[])
    .filter((what) => needs[what].length > 0)
    .map((what) => `${needWords[what]} ${needs[what].join(', ')}`);
  if (!force && because.length > 0)
    throw new LeonoreError('ARTIFACT_IN_USE', `${key} is needed: ${because.join('; ')}`, needs);
}

async function needsOf(
  tx: Transaction,
  artifact: { readonly name: string; readonly version: string },
): Promise<ArtifactNeeds> {
  const { name, version } = artifact;
  const wanted = await wantedBy(tx, artifactKey(artifact));
  const [row] = await tx.$queryRaw<{ waysBack: string[]; gateways: string[] }[]>`
    SELECT
      ARRAY(SELECT DISTINCT c.id::text FROM campaign c JOIN campaign_member m ON m.campaign_id = c.id
            WHERE c.ended_at IS NULL AND m.before -> 'installed' @> ${jsonText([{ name, version }])}::jsonb
            LIMIT ${namedNeeds}) AS "waysBack",
      ARRAY(SELECT id FROM gateway
            WHERE state <> 'decommissioned' AND installed @> ${jsonText([{ name, version }])}::jsonb
            LIMIT ${namedNeeds}) AS gateways`;
  const { waysBack = [], gateways = [] } = row ?? {};
  const first = (ids: readonly string[]): readonly string[] => ids.slice(0, namedNeeds);
  return {
    rollouts: first(wanted.rollouts),
    wantedStates: first(wanted.wantedStates),
    campaigns: first(wanted.campaigns),
    waysBack,
    gateways,
  };
}
