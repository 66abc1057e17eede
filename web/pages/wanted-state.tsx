import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'wouter';
import { standings } from '../../domain/wanted-state/judge.js';
import { answerOf, api } from '../api/client.js';
import { wantedStateQuery, type Schemas } from '../api/queries.js';
import { wantedGatewaysQuery } from '../api/resource-queries.js';
import { useMay } from '../api/whoami.js';
import { Ago, Instant } from '../components/clock.js';
import { AskButton } from '../components/dialogs.js';
import { Grid, type GridColumn } from '../components/grid.js';
import { Loaded } from '../components/loaded.js';
import { campaignHref, gatewayHref, Name, rolloutHref } from '../components/name.js';
import { NumberCard } from '../components/number-card.js';
import { Card, Empty, Page } from '../components/page.js';
import { StateChip } from '../components/state-chip.js';
import { countedText } from '../logic/numbers.js';
import { toneOf } from '../logic/tones.js';

const columns: readonly GridColumn<Schemas['WantedMember']>[] = [
  {
    id: 'gateway',
    title: 'Gateway',
    minWidth: 180,
    names: true,
    cell: ({ gatewayId }) => <Name text={gatewayId} />,
  },
  {
    id: 'standing',
    title: 'Standing',
    minWidth: 110,
    cell: ({ standing }) => <StateChip state={standing} />,
  },
  { id: 'why', title: 'Why', minWidth: 320, cell: ({ reason }) => <Name text={reason ?? ''} /> },
  { id: 'since', title: 'Since', minWidth: 100, cell: ({ changedAt }) => <Ago at={changedAt} /> },
];

export default function WantedStatePage({ id }: { readonly id: string }) {
  const wanted = useQuery(wantedStateQuery(id));
  const { data } = wanted;
  const may = useMay();
  return (
    <Page
      title={data === undefined ? `Wanted state ${id}` : `${data.requests.join(' ')} on ${data.deployment}`}
      crumbs={[{ text: 'Wanted states', href: '/wanted-states' }]}
      actions={
        data?.endedAt === null &&
        may('operator') && (
          <AskButton
            action="End it"
            kind="danger"
            title="Keep this no longer?"
            run={() => answerOf(api.POST('/api/v1/wanted-states/{id}/end', { params: { path: { id } } }))}
          >
            <p>What is installed stays, and rollouts and campaigns under way go on.</p>
          </AskButton>
        )
      }
    >
      <Loaded query={wanted}>{(shown) => <WantedStateView wanted={shown} />}</Loaded>
    </Page>
  );
}

function WantedStateView({ wanted }: { readonly wanted: Schemas['WantedStateDetail'] }) {
  const { id, versions, automatic, strategy, problem, createdAt, endedAt, compliance, lookingAtAll } = wanted;
  const { rollouts, campaigns } = wanted;
  return (
    <div className="stack">
      <p className="quiet">
        Now <Name text={versions.join(', ')} />; new versions {!automatic && 'when asked'}
        {automatic && (strategy === null ? 'go to all at once by themselves' : 'go out by campaigns')}. Since{' '}
        <Instant at={createdAt} />
        {endedAt !== null && (
          <>
            , ended <Instant at={endedAt} />
          </>
        )}
        {lookingAtAll && '. All gateways are being looked at.'}
      </p>
      <div className="numbers">
        {standings.map((standing) => (
          <NumberCard
            key={standing}
            value={compliance[standing]}
            what={standing}
            tone={compliance[standing] === 0 ? 'wait' : toneOf(standing)}
            href={`?standing=${standing}`}
          />
        ))}
      </div>
      <Card title="Gateways">
        <Members id={id} />
      </Card>
      {problem !== null && (
        <p className="quiet">
          <Name text={problem} />
        </p>
      )}
      {campaigns.length > 0 && (
        <Card title="Campaigns that it started">
          <ul className="plain-list latest">
            {campaigns.map(({ id: campaign, selected, state, createdAt: startedAt }) => (
              <li key={campaign}>
                <Link href={campaignHref(campaign)}>
                  <Name text={selected.join(', ')} />
                </Link>{' '}
                <StateChip state={state} />{' '}
                <span className="quiet">
                  <Ago at={startedAt} />
                </span>
              </li>
            ))}
          </ul>
        </Card>
      )}
      <Card title="Rollouts that it started">
        {rollouts.length === 0 ? (
          <Empty>None.</Empty>
        ) : (
          <ul className="plain-list latest">
            {rollouts.map(({ id: rollout, gateways, state, createdAt: startedAt }) => (
              <li key={rollout}>
                <Link href={rolloutHref(rollout)}>{countedText(gateways, 'gateway')}</Link>{' '}
                <StateChip state={state} />{' '}
                <span className="quiet">
                  <Ago at={startedAt} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </Card>
    </div>
  );
}

function Members({ id }: { readonly id: string }) {
  const [parameters, setParameters] = useSearchParams();
  const standing = standings.find((one) => one === parameters.get('standing'));
  const members = useInfiniteQuery(wantedGatewaysQuery(id, standing));
  return (
    <>
      <div className="filters">
        <label className="field narrow">
          <span className="label">Standing</span>
          <select
            value={standing ?? ''}
            onChange={({ target }) => setParameters(target.value === '' ? {} : { standing: target.value })}
          >
            <option value="">all</option>
            {standings.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
      </div>
      <Loaded query={members}>
        {({ pages }) => (
          <Grid
            label="Gateways of this wanted state"
            columns={columns}
            rows={pages.flatMap(({ items }) => items)}
            idOf={({ gatewayId }) => gatewayId}
            hrefOf={({ gatewayId }) => gatewayHref(gatewayId)}
            empty="No gateway."
            more={{
              isLoading: members.isFetchingNextPage,
              load: () => {
                if (members.hasNextPage && !members.isFetchingNextPage) void members.fetchNextPage();
              },
            }}
          />
        )}
      </Loaded>
    </>
  );
}
