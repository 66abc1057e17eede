import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { Link, useLocation, useSearchParams } from 'wouter';
import { bytesText } from '../../domain/units.js';
import { answerOf, api } from '../api/client.js';
import { artifactsQuery, fleetQuery, type Schemas } from '../api/queries.js';
import { artifactVersionsQuery, dependentsQuery } from '../api/resource-queries.js';
import { useMay } from '../api/whoami.js';
import { Instant } from '../components/clock.js';
import { AskButton } from '../components/dialogs.js';
import { GraphView } from '../components/graph-view.js';
import { Failure, Loaded } from '../components/loaded.js';
import {
  artifactHref,
  campaignHref,
  GatewayLink,
  Name,
  rolloutHref,
  wantedStateHref,
} from '../components/name.js';
import { Card, Empty, Page } from '../components/page.js';
import { Printed } from '../components/printed.js';
import { dependencyGraph } from '../logic/dependency-graph.js';
import { gatewaysHref } from '../logic/gateway-address.js';
import { countedText, numberText } from '../logic/numbers.js';
import { planHref } from '../logic/plan-form.js';

type Artifact = Schemas['Artifact'];

export default function ArtifactPage({ name }: { readonly name: string }) {
  const versions = useQuery(artifactVersionsQuery(name));
  const [parameters] = useSearchParams();
  const asked = parameters.get('version');
  const items = versions.data?.items ?? [];
  const shown = asked === null ? items[0] : items.find(({ version }) => version === asked);
  return (
    <Page
      title={shown === undefined ? name : `${name} ${shown.version}`}
      crumbs={[{ text: 'Artifacts', href: '/artifacts' }]}
      actions={shown !== undefined && <Actions artifact={shown} />}
    >
      <Loaded query={versions}>
        {({ items: all }) =>
          shown === undefined ? (
            <Failure error={new Error(`There is no version ${asked ?? ''} of ${name}.`)} />
          ) : (
            <ArtifactView artifact={shown} versions={all} />
          )
        }
      </Loaded>
    </Page>
  );
}

function Actions({ artifact: { name, version } }: { readonly artifact: Artifact }) {
  const may = useMay();
  const [, navigate] = useLocation();
  return (
    <>
      <Link className="button primary link-button" href={planHref({ what: `${name}@${version}` })}>
        Plan it
      </Link>
      {may('publisher', 'fleet') && (
        <AskButton
          action="Remove"
          kind="danger"
          title="Remove this version?"
          name={`${name}@${version}`}
          run={async () => {
            await answerOf(
              api.DELETE('/api/v1/artifacts/{name}/{version}', { params: { path: { name, version } } }),
            );
            navigate('/artifacts');
          }}
        >
          <p>
            It can be planned no more; gateways that have it keep it. Refused while something that has not
            ended needs it.
          </p>
        </AskButton>
      )}
    </>
  );
}

function ArtifactView({
  artifact,
  versions,
}: {
  readonly artifact: Artifact;
  readonly versions: readonly Artifact[];
}) {
  const { manifest, digest, sizeBytes, createdAt, signedBy, kind } = artifact;
  return (
    <div className="stack">
      <div className="two">
        <div className="stack">
          <Card title="Who needs whom">
            <Graph artifact={artifact} />
          </Card>
          <Card title="Manifest">
            <Printed what="Manifest" text={JSON.stringify(manifest, null, 2)} />
          </Card>
        </div>
        <div className="stack">
          <Card title="Artifact">
            <p>
              <Name text={manifest.description ?? 'It says nothing of itself.'} />
            </p>
            <dl className="facts">
              <dt>Kind</dt>
              <dd>{kind}</dd>
              <dt>Size</dt>
              <dd>{bytesText(sizeBytes)}</dd>
              <dt>Added</dt>
              <dd>
                <Instant at={createdAt} />
              </dd>
              <dt>Signed by</dt>
              <dd>
                <Name text={signedBy.join(', ') || 'nobody'} />
              </dd>
              <dt>Digest</dt>
              <dd>
                <code>{digest}</code>
              </dd>
              <dt>Runs on</dt>
              <dd>
                <Name text={platformsOf(artifact)} />
              </dd>
            </dl>
          </Card>
          <Card title="If it were removed">
            <Dependents artifact={artifact} />
          </Card>
          <Card title="Versions">
            <Versions versions={versions} shown={artifact.version} />
          </Card>
        </div>
      </div>
    </div>
  );
}

/** What would break, and who has it. */
function Dependents({ artifact: { name, version } }: { readonly artifact: Artifact }) {
  const dependents = useQuery(dependentsQuery(name, version));
  return (
    <Loaded query={dependents}>
      {({ gateways, needs, wantedStates, campaigns, rollouts }) => (
        <>
          {needs.length + wantedStates.length + campaigns.length + rollouts.length === 0 ? (
            <p>Nothing would break.</p>
          ) : (
            <ul className="plain-list">
              {needs.map(({ artifact, because }) => (
                <li key={artifact} className="why tone-bad">
                  <strong>
                    <Name text={artifact} />
                  </strong>{' '}
                  could not be installed any more: <Name text={because} />
                </li>
              ))}
              <Users what="Wanted state" ids={wantedStates} hrefOf={wantedStateHref} />
              <Users what="Campaign" ids={campaigns} hrefOf={campaignHref} />
              <Users what="Rollout" ids={rollouts} hrefOf={rolloutHref} />
            </ul>
          )}
          <p>
            {gateways.count === 0 ? (
              'No gateway has it.'
            ) : (
              <>
                <Link href={gatewaysHref({ artifact: `${name}@${version}` })}>
                  {countedText(gateways.count, 'gateway')}
                </Link>{' '}
                {gateways.count === 1 ? 'has' : 'have'} it, and would keep it:{' '}
                {gateways.sample.map((id, index) => (
                  <span key={id}>
                    {index === 0 ? '' : ', '}
                    <GatewayLink id={id} />
                  </span>
                ))}
                {gateways.count > gateways.sample.length && ' …'}
              </>
            )}
          </p>
        </>
      )}
    </Loaded>
  );
}

interface UsersProps {
  readonly what: string;
  readonly ids: readonly string[];
  readonly hrefOf: (id: string) => string;
}

function Users({ what, ids, hrefOf }: UsersProps) {
  return ids.map((id) => (
    <li key={id} className="why tone-lost">
      {what}{' '}
      <Link href={hrefOf(id)}>
        <Name text={id} />
      </Link>{' '}
      needs it until it has ended.
    </li>
  ));
}

function platformsOf({ manifest: { variants = [] } }: Artifact): string {
  const platforms = variants.map(({ platform = {} }) => Object.values(platform).join(' ') || 'any platform');
  return platforms.join(', ') || 'any platform';
}

function Versions({ versions, shown }: { readonly versions: readonly Artifact[]; readonly shown: string }) {
  const fleet = useQuery(fleetQuery);
  return (
    <ul className="plain-list latest">
      {versions.map(({ name, version, createdAt }) => {
        const count =
          fleet.data?.installed.find((one) => one.name === name && one.version === version)?.gateways ?? 0;
        return (
          <li key={version}>
            <Link
              href={artifactHref(name, version)}
              {...(version === shown ? { 'aria-current': 'true' as const } : {})}
            >
              <Name text={version} />
            </Link>{' '}
            <span className="quiet">
              <Instant at={createdAt} />
            </span>{' '}
            {count > 0 && (
              <Link href={gatewaysHref({ artifact: `${name}@${version}` })}>
                {countedText(count, 'gateway')}
              </Link>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function Graph({ artifact }: { readonly artifact: Artifact }) {
  const artifacts = useInfiniteQuery(artifactsQuery);
  const { hasNextPage, isFetchingNextPage, fetchNextPage, data } = artifacts;
  // All of the catalog: what needs it may be anywhere.
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const graph = useMemo(
    () =>
      dependencyGraph(
        (data?.pages ?? []).flatMap(({ items }) => items),
        artifact,
      ),
    [data, artifact],
  );
  return (
    <Loaded query={artifacts}>
      {({ pages }) => (
        <>
          {hasNextPage && (
            <p className="quiet">
              {numberText(pages.reduce((sum, { items }) => sum + items.length, 0))} read …
            </p>
          )}
          {graph.edges.length === 0 ? (
            <Empty>It needs nothing, and nothing needs it.</Empty>
          ) : (
            <GraphView graph={graph} />
          )}
        </>
      )}
    </Loaded>
  );
}
