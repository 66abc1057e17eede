import { useInfiniteQuery } from '@tanstack/react-query';
import type { Schemas } from '../api/queries.js';
import { ordersQuery } from '../api/resource-queries.js';
import { Ago } from '../components/clock.js';
import type { GridColumn } from '../components/grid.js';
import { ListPage } from '../components/list-page.js';
import { gatewayHref, Name } from '../components/name.js';
import { StateChip } from '../components/state-chip.js';
import { problemText } from '../logic/text.js';

const columns: readonly GridColumn<Schemas['GatewayOrder']>[] = [
  {
    id: 'gateway',
    title: 'Gateway',
    minWidth: 180,
    names: true,
    cell: ({ gatewayId }) => <Name text={gatewayId} />,
  },
  {
    id: 'what',
    title: 'Order',
    minWidth: 180,
    cell: ({ action, artifact }) => (
      <>
        {action} <Name text={artifact} />
      </>
    ),
  },
  { id: 'state', title: 'State', minWidth: 120, cell: ({ state }) => <StateChip state={state} /> },
  { id: 'why', title: 'Why', minWidth: 240, cell: ({ error }) => <Name text={problemText(error)} /> },
  { id: 'given', title: 'Given', minWidth: 100, cell: ({ createdAt }) => <Ago at={createdAt} /> },
];

export default function OrdersPage() {
  return (
    <ListPage
      title="Orders"
      label="Orders, one row a gateway, the oldest first"
      query={useInfiniteQuery(ordersQuery)}
      columns={columns}
      idOf={({ order, gatewayId, artifact }) => `${order} ${gatewayId} ${artifact}`}
      hrefOf={({ gatewayId }) => gatewayHref(gatewayId)}
      empty="None has been given. Orders are given on the page of a gateway."
    />
  );
}
