import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { bytesText } from '../../domain/units.js';
import { answerOf, api } from '../api/client.js';
import { useLiveStream } from '../api/live-stream.js';
import { nodesQuery, type Schemas } from '../api/queries.js';
import { useMay } from '../api/whoami.js';
import { Ago } from '../components/clock.js';
import { AskButton } from '../components/dialogs.js';
import { Loaded } from '../components/loaded.js';
import { Name } from '../components/name.js';
import { Card, Empty, Page } from '../components/page.js';
import { StateChip } from '../components/state-chip.js';
import { gatewaysHref } from '../logic/gateway-address.js';
import { countedText, numberText, shareText } from '../logic/numbers.js';
import { printableLines } from '../logic/text.js';
import { useIdempotencyKey } from '../logic/idempotency-key.js';

type Node = Schemas['Node'];

export default function NodesPage() {
  const nodes = useQuery(nodesQuery);
  useLiveStream(['nodes']);
  const may = useMay();
  const key = useIdempotencyKey();
  return (
    <Page
      title="Nodes"
      actions={
        may('admin', 'fleet') && (
          <AskButton
            action="Launch one"
            title="Launch a further node?"
            kind="primary"
            run={async () => {
              await answerOf(
                api.POST('/api/v1/nodes', { params: { header: { 'idempotency-key': key.next() } } }),
              );
              key.used();
            }}
          >
            <p>It takes gateways as soon as it is up.</p>
          </AskButton>
        )
      }
    >
      <Loaded query={nodes}>
        {({ items, pool }) => (
          <div className="stack">
            <Card title="The pool">
              <p>
                Gateways are placed by <strong>{pool.strategy}</strong>;{' '}
                {countedText(pool.threshold, 'gateway')} fill a node. Between {pool.minNodes} and{' '}
                {pool.maxNodes} are kept by LEONORE itself.{' '}
                {pool.queued > 0 && (
                  <strong>{countedText(pool.queued, 'registration')} wait for a node.</strong>
                )}
              </p>
            </Card>
            {items.length === 0 ? (
              <Empty>No node yet.</Empty>
            ) : (
              items.map((node) => <NodeView key={node.id} node={node} threshold={pool.threshold} />)
            )}
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function NodeView({ node, threshold }: { readonly node: Node; readonly threshold: number }) {
  const { id, state, gatewayCount, deliveryCount, stats, heartbeatAt, problem, address, endpoints, labels } =
    node;
  const may = useMay();
  return (
    <Card
      title={id}
      beside={
        <div className="actions">
          <StateChip state={state} />
          {state === 'active' && may('admin', 'fleet') && (
            <AskButton
              action="Drain"
              kind="danger"
              title={`Drain ${id}?`}
              name={id}
              run={() => answerOf(api.POST('/api/v1/nodes/{id}/drain', { params: { path: { id } } }))}
            >
              <p>
                Its {countedText(gatewayCount, 'gateway')} go to the others, it finishes what runs, then it
                ends.
              </p>
            </AskButton>
          )}
        </div>
      }
    >
      {problem !== null && <p className="why tone-bad">{printableLines(problem)}</p>}
      <div className="two">
        <div>
          <div
            className="bar"
            role="img"
            aria-label={`${numberText(gatewayCount)} of ${countedText(threshold, 'gateway')}`}
          >
            <span className="part tone-run" style={{ flexGrow: gatewayCount }} />
            <span style={{ flexGrow: Math.max(0, threshold - gatewayCount) }} />
          </div>
          <p>
            <Link href={gatewaysHref({ node: id })}>{countedText(gatewayCount, 'gateway')}</Link> of{' '}
            {numberText(threshold)}, {countedText(deliveryCount, 'delivery', 'deliveries')} under way
          </p>
        </div>
        <dl className="facts">
          <dt>Processor</dt>
          <dd>{stats.cpuShare === undefined ? '–' : shareText(stats.cpuShare)}</dd>
          <dt>Memory</dt>
          <dd>{stats.rssBytes === undefined ? '–' : bytesText(stats.rssBytes)}</dd>
          <dt>Requests that wait</dt>
          <dd>{stats.queue === undefined ? '–' : numberText(stats.queue)}</dd>
          <dt>Heard of</dt>
          <dd>
            <Ago at={heartbeatAt} />
          </dd>
          <dt>At</dt>
          <dd>
            <Name text={address} />
          </dd>
          <dt>Protocols</dt>
          <dd>
            <Name
              text={endpoints
                .map(({ protocol, strategies }) => `${protocol} ${strategies.join('/')}`)
                .join(', ')}
            />
          </dd>
          <dt>Labels</dt>
          <dd>
            <Name
              text={
                Object.entries(labels)
                  .map(([name, value]) => `${name}=${value}`)
                  .join(', ') || 'none'
              }
            />
          </dd>
        </dl>
      </div>
    </Card>
  );
}
