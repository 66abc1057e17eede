import { useInfiniteQuery, useQueries, useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { gatewayConditions } from '../../domain/gateway/condition.js';
import { isCampaignEnded } from '../../domain/campaign/state.js';
import { isRolloutEnded } from '../../domain/rollout/state.js';
import { useLiveStream } from '../api/live-stream.js';
import {
  campaignsQuery,
  fleetHistoryQuery,
  fleetQuery,
  nodesQuery,
  rolloutsQuery,
  wantedStateQuery,
  wantedStatesQuery,
} from '../api/queries.js';
import { useMay } from '../api/whoami.js';
import { Bars } from '../components/bars.js';
import { Ago } from '../components/clock.js';
import { Loaded } from '../components/loaded.js';
import { campaignHref, Name, Requests, rolloutHref } from '../components/name.js';
import { NumberCard } from '../components/number-card.js';
import { Card, Empty, Page } from '../components/page.js';
import { TimeChart } from '../components/time-chart.js';
import { StateChip } from '../components/state-chip.js';
import { gatewaysHref } from '../logic/gateway-address.js';
import { attentionOf, type Attention } from '../logic/attention.js';
import { conditionLines, versionLines } from '../logic/fleet-series.js';
import { toneOf } from '../logic/tones.js';

/** Versions of artifacts that are shown of the fleet. */
const shownVersions = 12;
const shownLatest = 6;
/** Versions that are drawn over time, and samples that make a line. */
const drawnVersions = 6;
const fewestSamples = 2;
/** Wanted states that are looked into for what needs somebody. */
const watchedWantedStates = 10;

export default function OverviewPage() {
  const fleet = useQuery(fleetQuery);
  const may = useMay();
  useLiveStream([
    'rollouts',
    'campaigns',
    'gateways',
    ...(may('viewer', 'fleet') ? (['nodes'] as const) : []),
  ]);
  return (
    <Page title="Overview">
      <div className="stack">
        <Loaded query={fleet}>
          {({ gateways, conditions }) => (
            <div className="numbers">
              <NumberCard value={gateways} what="gateways" href="/gateways" />
              {gatewayConditions.map((condition) => (
                <NumberCard
                  key={condition}
                  value={conditions[condition]}
                  what={condition}
                  tone={conditions[condition] === 0 ? 'wait' : toneOf(condition)}
                  href={gatewaysHref({ state: condition })}
                />
              ))}
            </div>
          )}
        </Loaded>
        <div className="two">
          <div className="stack">
            <Card title="What needs you">
              <NeedsYou />
            </Card>
            <Card title="Versions on the gateways">
              <Loaded query={fleet}>
                {({ installed, gateways, conditions }) =>
                  installed.length === 0 ? (
                    <Empty>Nothing is installed yet.</Empty>
                  ) : (
                    <Bars
                      label="Gateways by installed version"
                      whole={gateways - conditions.decommissioned}
                      rows={installed.slice(0, shownVersions).map(({ name, version, gateways: count }) => ({
                        key: `${name}@${version}`,
                        name: (
                          <Link href={gatewaysHref({ artifact: `${name}@${version}` })}>
                            <Name text={`${name} ${version}`} />
                          </Link>
                        ),
                        count,
                        tone: 'ok' as const,
                      }))}
                    />
                  )
                }
              </Loaded>
            </Card>
            {may('viewer', 'fleet') && <FleetOverTime />}
          </div>
          <div className="stack">
            <LatestCampaigns />
            <LatestRollouts />
          </div>
        </div>
      </div>
    </Page>
  );
}

/** The last week: how the gateways stood, and what they had. */
function FleetOverTime() {
  const history = useQuery(fleetHistoryQuery);
  return (
    <Card title="The last seven days">
      <Loaded query={history}>
        {({ samples }) => {
          if (samples.length < fewestSamples) return <Empty>There is not enough to draw yet.</Empty>;
          const at = samples.map((sample) => sample.at);
          return (
            <>
              <h3>Gateways by state</h3>
              <TimeChart
                label="Gateways by state over time"
                at={at}
                end="now"
                lines={conditionLines(samples, gatewayConditions)}
              />
              <h3>Gateways by version</h3>
              <TimeChart
                label="Gateways by version over time"
                at={at}
                end="now"
                lines={versionLines(samples, drawnVersions)}
              />
            </>
          );
        }}
      </Loaded>
    </Card>
  );
}

function NeedsYou() {
  const may = useMay();
  const fleet = useQuery(fleetQuery);
  const campaigns = useInfiniteQuery(campaignsQuery);
  const nodes = useQuery({ ...nodesQuery, enabled: may('viewer', 'fleet') });
  const wanted = useInfiniteQuery(wantedStatesQuery);
  const kept = (wanted.data?.pages[0]?.items ?? []).filter(({ endedAt }) => endedAt === null);
  const standings = useQueries({
    queries: kept.slice(0, watchedWantedStates).map(({ id }) => wantedStateQuery(id)),
  });
  return (
    <Loaded query={fleet}>
      {(facts) => {
        const items = attentionOf({
          conditions: facts.conditions,
          campaigns: campaigns.data?.pages[0]?.items ?? [],
          nodes: nodes.data?.items ?? [],
          wantedStates: standings.flatMap(({ data }) => (data === undefined ? [] : [data])),
        });
        return items.length === 0 ? (
          <Empty>Nothing: no campaign is held, no gateway silent or contested, no node gone.</Empty>
        ) : (
          <ul className="plain-list">
            {items.map((item) => (
              <AttentionItem key={item.key} item={item} />
            ))}
          </ul>
        );
      }}
    </Loaded>
  );
}

function AttentionItem({ item: { tone, what, why, href } }: { readonly item: Attention }) {
  return (
    <li className={`why tone-${tone}`}>
      <Link href={href}>
        <strong>
          <Name text={what} />
        </strong>
      </Link>
      <p className="quiet">
        <Name text={why} />
      </p>
    </li>
  );
}

function LatestCampaigns() {
  const campaigns = useInfiniteQuery(campaignsQuery);
  return (
    <Card title="Campaigns" beside={<Link href="/campaigns">All campaigns</Link>}>
      <Loaded query={campaigns}>
        {({ pages }) => (
          <Latest
            items={pages[0]?.items ?? []}
            isEnded={isCampaignEnded}
            hrefOf={campaignHref}
            empty="No campaign yet."
          />
        )}
      </Loaded>
    </Card>
  );
}

function LatestRollouts() {
  const rollouts = useInfiniteQuery(rolloutsQuery);
  return (
    <Card title="Rollouts" beside={<Link href="/rollouts">All rollouts</Link>}>
      <Loaded query={rollouts}>
        {({ pages }) => (
          <Latest
            items={pages[0]?.items ?? []}
            isEnded={isRolloutEnded}
            hrefOf={rolloutHref}
            empty="No rollout yet."
          />
        )}
      </Loaded>
    </Card>
  );
}

interface LatestProps<State extends string> {
  readonly items: readonly {
    readonly id: string;
    readonly requests: readonly string[];
    readonly deployment: string;
    readonly state: State;
    readonly createdAt: string;
    readonly waitingFor: string | null;
  }[];
  readonly isEnded: (state: State) => boolean;
  readonly hrefOf: (id: string) => string;
  readonly empty: string;
}

/** Those under way first, then the newest. */
function Latest<State extends string>({ items, isEnded, hrefOf, empty }: LatestProps<State>) {
  if (items.length === 0)
    return (
      <Empty>
        {empty} <Link href="/plan">Plan one</Link>.
      </Empty>
    );
  const sorted = [
    ...items.filter(({ state }) => !isEnded(state)),
    ...items.filter(({ state }) => isEnded(state)),
  ];
  return (
    <ul className="plain-list latest">
      {sorted.slice(0, shownLatest).map(({ id, requests, deployment, state, createdAt, waitingFor }) => (
        <li key={id}>
          <Link href={hrefOf(id)}>
            <Requests requests={requests} />
          </Link>{' '}
          to <Name text={deployment} /> <StateChip state={state} note={waitingFor} />{' '}
          <span className="quiet">
            <Ago at={createdAt} />
          </span>
        </li>
      ))}
    </ul>
  );
}
