import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { useLiveStream } from '../api/live-stream.js';
import { rolloutsQuery, type Schemas } from '../api/queries.js';
import { useMay } from '../api/whoami.js';
import { Ago, Duration } from '../components/clock.js';
import { Grid, type GridColumn } from '../components/grid.js';
import { Loaded } from '../components/loaded.js';
import { Name, Requests, rolloutHref } from '../components/name.js';
import { Page } from '../components/page.js';
import { StateChip } from '../components/state-chip.js';

type RolloutSummary = Schemas['RolloutSummary'];

const columns: readonly GridColumn<RolloutSummary>[] = [
  {
    id: 'what',
    title: 'What',
    minWidth: 200,
    names: true,
    cell: ({ requests }) => <Requests requests={requests} />,
  },
  { id: 'where', title: 'Where', minWidth: 160, cell: ({ deployment }) => <Name text={deployment} /> },
  {
    id: 'state',
    title: 'State',
    minWidth: 150,
    cell: ({ state, waitingFor }) => (
      <StateChip state={state} note={waitingFor === null ? null : `waiting for ${waitingFor}`} />
    ),
  },
  { id: 'who', title: 'By', minWidth: 110, cell: ({ createdBy }) => <Name text={createdBy ?? '–'} /> },
  { id: 'when', title: 'Begun', minWidth: 100, cell: ({ createdAt }) => <Ago at={createdAt} /> },
  {
    id: 'took',
    title: 'Took',
    minWidth: 100,
    cell: ({ createdAt, endedAt }) => <Duration from={createdAt} to={endedAt} />,
  },
];

export default function RolloutsPage() {
  const rollouts = useInfiniteQuery(rolloutsQuery);
  useLiveStream(['rollouts']);
  const may = useMay();
  return (
    <Page
      title="Rollouts"
      actions={
        may('operator') && (
          <Link className="button primary link-button" href="/plan">
            Plan one
          </Link>
        )
      }
    >
      <Loaded query={rollouts}>
        {({ pages }) => (
          <Grid
            label="Rollouts, the newest first"
            columns={columns}
            rows={pages.flatMap(({ items }) => items)}
            idOf={({ id }) => id}
            hrefOf={({ id }) => rolloutHref(id)}
            empty="No rollout yet."
            more={{
              isLoading: rollouts.isFetchingNextPage,
              load: () => {
                if (rollouts.hasNextPage) void rollouts.fetchNextPage();
              },
            }}
          />
        )}
      </Loaded>
    </Page>
  );
}
