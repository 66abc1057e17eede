import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { useLiveStream } from '../api/live-stream.js';
import { campaignsQuery, type Schemas } from '../api/queries.js';
import { useMay } from '../api/whoami.js';
import { Ago, Duration } from '../components/clock.js';
import { Grid, type GridColumn } from '../components/grid.js';
import { Loaded } from '../components/loaded.js';
import { Name, Requests, campaignHref } from '../components/name.js';
import { Page } from '../components/page.js';
import { StateChip } from '../components/state-chip.js';

type CampaignSummary = Schemas['CampaignSummary'];

const columns: readonly GridColumn<CampaignSummary>[] = [
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
  { id: 'when', title: 'Begun', minWidth: 100, cell: ({ createdAt }) => <Ago at={createdAt} /> },
  {
    id: 'took',
    title: 'Took',
    minWidth: 100,
    cell: ({ createdAt, endedAt }) => <Duration from={createdAt} to={endedAt} />,
  },
];

export default function CampaignsPage() {
  const campaigns = useInfiniteQuery(campaignsQuery);
  useLiveStream(['campaigns']);
  const may = useMay();
  return (
    <Page
      title="Campaigns"
      actions={
        may('operator') && (
          <Link className="button primary link-button" href="/plan">
            Plan one
          </Link>
        )
      }
    >
      <Loaded query={campaigns}>
        {({ pages }) => (
          <Grid
            label="Campaigns, the newest first"
            columns={columns}
            rows={pages.flatMap(({ items }) => items)}
            idOf={({ id }) => id}
            hrefOf={({ id }) => campaignHref(id)}
            empty="No campaign yet."
            more={{
              isLoading: campaigns.isFetchingNextPage,
              load: () => {
                if (campaigns.hasNextPage) void campaigns.fetchNextPage();
              },
            }}
          />
        )}
      </Loaded>
    </Page>
  );
}
