import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { wantedStatesQuery, type Schemas } from '../api/queries.js';
import { useMay } from '../api/whoami.js';
import { Ago } from '../components/clock.js';
import type { GridColumn } from '../components/grid.js';
import { ListPage } from '../components/list-page.js';
import { Name, Requests, wantedStateHref } from '../components/name.js';

const columns: readonly GridColumn<Schemas['WantedState']>[] = [
  {
    id: 'what',
    title: 'Kept',
    minWidth: 200,
    names: true,
    cell: ({ requests }) => <Requests requests={requests} />,
  },
  { id: 'where', title: 'On', minWidth: 160, cell: ({ deployment }) => <Name text={deployment} /> },
  {
    id: 'versions',
    title: 'Now',
    minWidth: 180,
    cell: ({ versions }) => <Name text={versions.join(', ')} />,
  },
  {
    id: 'automatic',
    title: 'New versions',
    minWidth: 120,
    cell: ({ automatic, strategy }) =>
      strategy !== null ? 'by campaigns' : automatic ? 'by themselves' : 'when asked',
  },
  { id: 'since', title: 'Since', minWidth: 100, cell: ({ createdAt }) => <Ago at={createdAt} /> },
  {
    id: 'ended',
    title: 'Ended',
    minWidth: 100,
    cell: ({ endedAt }) => (endedAt === null ? '–' : <Ago at={endedAt} />),
  },
];

export default function WantedStatesPage() {
  const may = useMay();
  return (
    <ListPage
      title="Wanted states"
      label="Wanted states, the newest first"
      query={useInfiniteQuery(wantedStatesQuery)}
      columns={columns}
      idOf={({ id }) => id}
      hrefOf={({ id }) => wantedStateHref(id)}
      actions={
        may('operator') && (
          <Link className="button primary link-button" href="/wanted-states/new">
            Keep something
          </Link>
        )
      }
      empty={
        <>
          Nothing is kept yet. Keep something with <code>leonore want</code>.
        </>
      }
    />
  );
}
