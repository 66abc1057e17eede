import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'wouter';
import { errorClasses } from '../../domain/campaign/error-class.js';
import { deliveryStates } from '../../domain/delivery/state.js';
import { isRolloutEnded, openOf } from '../../domain/rollout/state.js';
import { bytesText } from '../../domain/units.js';
import { answerOf, api } from '../api/client.js';
import { useLiveStream } from '../api/live-stream.js';
import {
  rolloutDeliveriesQuery,
  rolloutFacetsQuery,
  rolloutQuery,
  type DeliveryFilter,
  type Schemas,
} from '../api/queries.js';
import { useMay } from '../api/whoami.js';
import { Ago, Duration, Instant } from '../components/clock.js';
import { AskButton } from '../components/dialogs.js';
import { DeliveryReasons } from '../components/delivery-reasons.js';
import { Facet, FacetList } from '../components/facet.js';
import { Grid, type GridColumn } from '../components/grid.js';
import { Failure, Loaded } from '../components/loaded.js';
import { campaignHref, gatewayHref, Name, packageHref } from '../components/name.js';
import { Card, Empty, Page } from '../components/page.js';
import { Printed } from '../components/printed.js';
import { Names, PlanView } from '../components/plan-view.js';
import { ProgressBar } from '../components/progress-bar.js';
import { PressButton } from '../components/press-button.js';
import { RolloutSteps } from '../components/rollout-steps.js';
import { StateChip } from '../components/state-chip.js';
import { WorkflowLink } from '../components/workflow-link.js';
import { plannedAtOnce } from '../logic/campaign-rest.js';
import { countedText, numberText } from '../logic/numbers.js';
import { printable, printableLines } from '../logic/text.js';

type Rollout = Schemas['Rollout'];

export default function RolloutPage({ id }: { readonly id: string }) {
  const rollout = useQuery(rolloutQuery(id));
  useLiveStream([], id);
  const { data } = rollout;
  const crumbs = [{ text: 'Rollouts', href: '/rollouts' }];
  if (data === undefined)
    return (
      <Page title={`Rollout ${id}`} crumbs={crumbs}>
        <Loaded query={rollout}>{() => null}</Loaded>
      </Page>
    );
  return (
    <Page
      title={`${data.requests.join(' ')} to ${data.deployment}`}
      crumbs={crumbs}
      beside={
        <StateChip
          state={data.state}
          note={data.waitingFor === null ? null : `waiting for ${data.waitingFor}`}
        />
      }
      actions={
        <>
          <WorkflowLink address={data.temporalUi} />
          <Cancel rollout={data} />
        </>
      }
    >
      <Loaded query={rollout}>{(shown) => <RolloutView rollout={shown} />}</Loaded>
    </Page>
  );
}

function Cancel({ rollout: { id, state, counts } }: { readonly rollout: Rollout }) {
  const may = useMay();
  if (isRolloutEnded(state) || !may('operator')) return null;
  return (
    <AskButton
      action="Cancel"
      kind="danger"
      title="Cancel this rollout?"
      run={() => answerOf(api.POST('/api/v1/rollouts/{id}/cancel', { params: { path: { id } } }))}
    >
      <p>
        {countedText(openOf(counts), 'delivery')} not ended: what no gateway has begun to install is
        withdrawn. What is being installed is finished; what is installed stays.
      </p>
    </AskButton>
  );
}

function RolloutView({ rollout }: { readonly rollout: Rollout }) {
  const { id, counts, createdAt, createdBy, endedAt, deadlineSeconds, failureText } = rollout;
  return (
    <div className="stack">
      <Card title="Progress">
        <ProgressBar counts={counts} />
        <p className="quiet">
          Begun <Instant at={createdAt} /> by <Name text={createdBy ?? 'LEONORE'} />,{' '}
          {endedAt === null ? 'for' : 'took'} <Duration from={createdAt} to={endedAt} />; gateways have{' '}
          {numberText(deadlineSeconds)} s to answer. <code>{printable(id)}</code>
        </p>
        {failureText !== null && <Failure error={failureText} />}
      </Card>
      <div className="two">
        <div className="stack">
          <Card title="Why not">
            <Troubles rollout={rollout} />
          </Card>
          <Card title="Groups that share a package">
            <Groups groups={rollout.groups} />
          </Card>
        </div>
        <div className="stack">
          <Card title="Steps">
            <RolloutSteps rollout={rollout} />
          </Card>
          <Card title="By protocol and strategy">
            <Channels channels={rollout.channels} />
          </Card>
          <Card title="What happened besides">
            <Events rollout={rollout} />
          </Card>
        </div>
      </div>
      <Card title="Gateways">
        <Deliveries rollout={rollout} />
      </Card>
    </div>
  );
}

function Channels({ channels }: Pick<Rollout, 'channels'>) {
  if (channels.length === 0) return <Empty>No deliveries yet.</Empty>;
  return (
    <ul className="plain-list">
      {channels.map(({ protocol, strategy, counts }) => (
        <li key={`${protocol}/${strategy}`}>
          <Name text={`${protocol}, ${strategy}`} />
          <ProgressBar counts={counts} />
        </li>
      ))}
    </ul>
  );
}

/** Reasons as the server counts them, over all of its deliveries. */
function Troubles({ rollout }: { readonly rollout: Rollout }) {
  const { id, state, campaign } = rollout;
  const counted = useQuery(rolloutFacetsQuery(id, isRolloutEnded(state)));
  const [parameters] = useSearchParams();
  const show = useShow();
  return (
    <Loaded query={counted}>
      {({ total, complete, facets: { reason } }) =>
        reason.length === 0 ? (
          <Empty>Nothing went wrong{isRolloutEnded(state) ? '' : ' so far'}.</Empty>
        ) : (
          <>
            {!complete && <p className="quiet">Reasons of the first {numberText(total)} deliveries:</p>}
            <DeliveryReasons
              reasons={reason}
              counted={(count) => countedText(count, 'gateway')}
              chooser={{
                chosen: parameters.get('reason'),
                choose: (key) => show(key === parameters.get('reason') ? {} : { reason: key }),
              }}
              again={rollout}
              gatewaysOf={(key) => gatewaysOfReason(id, key)}
            />
            {campaign !== null && (
              <p className="quiet">
                What failed is tried again, or brought back, from{' '}
                <Link href={campaignHref(campaign)}>its campaign</Link>.
              </p>
            )}
          </>
        )
      }
    </Loaded>
  );
}

async function gatewaysOfReason(id: string, reason: string): Promise<string[]> {
  const { items } = await answerOf(
    api.GET('/api/v1/rollouts/{id}/deliveries', {
      params: { path: { id }, query: { reason, limit: String(plannedAtOnce) } },
    }),
  );
  return items.map(({ gatewayId }) => gatewayId);
}

/** What of the gateways is shown, as it stands in the address. */
function deliveriesAsked(parameters: URLSearchParams): DeliveryFilter {
  const state = deliveryStates.find((one) => one === parameters.get('state'));
  const errorClass = errorClasses.find((one) => one === parameters.get('class'));
  const node = parameters.get('node');
  const reason = parameters.get('reason');
  return {
    ...(state === undefined ? {} : { state }),
    ...(errorClass === undefined ? {} : { class: errorClass }),
    ...(node === null || node === '' ? {} : { node }),
    ...(reason === null || reason === '' ? {} : { reason }),
  };
}

function useShow(): (filter: DeliveryFilter) => void {
  const [, setParameters] = useSearchParams();
  return (filter) => setParameters(new URLSearchParams({ ...filter }), { replace: true });
}

function Groups({ groups }: { readonly groups: readonly Schemas['RolloutGroup'][] }) {
  if (groups.length === 0) return <Empty>Not grouped yet.</Empty>;
  return (
    <ul className="plain-list">
      {groups.map((group) => (
        <li key={group.id} className="group">
          <GroupView group={group} />
        </li>
      ))}
    </ul>
  );
}

function GroupView({ group }: { readonly group: Schemas['RolloutGroup'] }) {
  const { gateways, nodeId, state, packageId, plans, planIndex, attempts, explanation } = group;
  const chosen = plans[planIndex ?? 0];
  return (
    <details>
      <summary>
        <strong>{countedText(gateways, 'gateway')}</strong> on <Name text={nodeId} />{' '}
        <StateChip state={state} />{' '}
        {chosen !== undefined && (
          <span className="quiet">
            <Names names={chosen.install} />, {bytesText(chosen.downloadSize)}
            {chosen.remove.length > 0 && (
              <span className="removed">
                {' '}
                − <Names names={chosen.remove} />
              </span>
            )}
          </span>
        )}
      </summary>
      {packageId !== null && (
        <p>
          Package{' '}
          <Link href={packageHref(packageId)}>
            <code>{packageId.slice(0, 12)}</code>
          </Link>
        </p>
      )}
      {explanation !== null && <Printed what="Why there is no plan" text={explanation} />}
      {plans.map((plan, index) => (
        <section key={index} aria-label={`Plan ${index + 1}`}>
          <h3>
            Plan {index + 1} of {plans.length}
            {index === planIndex ? ', taken' : ''}
          </h3>
          <PlanView plan={plan} />
        </section>
      ))}
      {attempts.map(({ planIndex: tried, outcome, error, log }, index) => (
        <section key={index} aria-label={`Build ${index + 1}`}>
          <h3>
            Build {index + 1}, of plan {tried + 1}: <StateChip state={outcome} />
          </h3>
          {error !== null && <p className="problem">{printableLines(error)}</p>}
          {log !== '' && <Printed what="What it printed" text={log} />}
        </section>
      ))}
    </details>
  );
}

function Events({ rollout: { events, createdAt } }: { readonly rollout: Rollout }) {
  if (events.length === 0) return <Empty>Nothing.</Empty>;
  return (
    <ul className="plain-list">
      {events.map(({ kind, detail, at }, index) => (
        <li key={index}>
          <span className="quiet">
            after <Duration from={createdAt} to={at} />
          </span>{' '}
          {kind}: <Name text={JSON.stringify(detail)} />
        </li>
      ))}
    </ul>
  );
}

const deliveryColumns: readonly GridColumn<Schemas['Delivery']>[] = [
  {
    id: 'gateway',
    title: 'Gateway',
    minWidth: 180,
    names: true,
    cell: ({ gatewayId }) => <Name text={gatewayId} />,
  },
  { id: 'state', title: 'State', minWidth: 120, cell: ({ state }) => <StateChip state={state} /> },
  { id: 'node', title: 'Node', minWidth: 100, cell: ({ nodeId }) => <Name text={nodeId ?? '–'} /> },
  {
    id: 'why',
    title: 'Why',
    minWidth: 320,
    cell: ({ failure, supersededBy }) => (
      <Name text={failure ?? (supersededBy === null ? '' : `rollout ${supersededBy} took its place`)} />
    ),
  },
  { id: 'when', title: 'Changed', minWidth: 100, cell: ({ updatedAt }) => <Ago at={updatedAt} /> },
];

function Deliveries({ rollout: { id, state: rolloutState } }: { readonly rollout: Rollout }) {
  const [parameters] = useSearchParams();
  const filter = deliveriesAsked(parameters);
  const isEnded = isRolloutEnded(rolloutState);
  const deliveries = useInfiniteQuery(rolloutDeliveriesQuery(id, filter, isEnded));
  return (
    <div className="list-with-facets">
      <DeliveryFacets id={id} isEnded={isEnded} filter={filter} />
      <Loaded query={deliveries}>
        {({ pages }) => (
          <Grid
            label="Gateways of this rollout"
            columns={deliveryColumns}
            rows={pages.flatMap(({ items }) => items)}
            idOf={({ gatewayId }) => gatewayId}
            hrefOf={({ gatewayId }) => gatewayHref(gatewayId)}
            empty={Object.keys(filter).length === 0 ? 'No gateway.' : 'No gateway is like that.'}
            more={{
              isLoading: deliveries.isFetchingNextPage,
              load: () => {
                if (deliveries.hasNextPage && !deliveries.isFetchingNextPage) void deliveries.fetchNextPage();
              },
            }}
          />
        )}
      </Loaded>
    </div>
  );
}

interface DeliveryFacetsProps {
  readonly id: string;
  readonly isEnded: boolean;
  readonly filter: DeliveryFilter;
}

function DeliveryFacets({ id, isEnded, filter }: DeliveryFacetsProps) {
  const counted = useQuery(rolloutFacetsQuery(id, isEnded));
  const show = useShow();
  const choose = (name: keyof DeliveryFilter) => (value: string) => {
    const { [name]: before, ...others } = filter;
    show(before === value ? others : { ...filter, [name]: value });
  };
  return (
    <FacetList>
      {Object.keys(filter).length > 0 && <PressButton onPress={() => show({})}>Show all</PressButton>}
      <Loaded query={counted}>
        {({ facets: { state, class: errorClass, node } }) => (
          <>
            <Facet title="State" chosen={filter.state} onChoose={choose('state')} items={state} />
            <Facet title="Went wrong" chosen={filter.class} onChoose={choose('class')} items={errorClass} />
            <Facet title="Went wrong on node" chosen={filter.node} onChoose={choose('node')} items={node} />
          </>
        )}
      </Loaded>
    </FacetList>
  );
}
