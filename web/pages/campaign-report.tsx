import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { isCampaignEnded } from '../../domain/campaign/state.js';
import { campaignQuery, type Schemas } from '../api/queries.js';
import { evidenceFile, evidencePage, evidenceQuery } from '../api/resource-queries.js';
import { useMay } from '../api/whoami.js';
import { Duration, Instant } from '../components/clock.js';
import { Grid, type GridColumn } from '../components/grid.js';
import { Failure, Loaded } from '../components/loaded.js';
import { campaignHref, gatewayHref, Name, Requests } from '../components/name.js';
import { Card, Page } from '../components/page.js';
import { PressButton } from '../components/press-button.js';
import { ShareBar } from '../components/share-bar.js';
import { StateChip } from '../components/state-chip.js';
import { plannedAtOnce, restOf } from '../logic/campaign-rest.js';
import { phaseParts } from '../logic/campaign.js';
import { planHref } from '../logic/plan-form.js';

type Campaign = Schemas['Campaign'];

const columns: readonly GridColumn<Schemas['CampaignEvidence']>[] = [
  {
    id: 'gateway',
    title: 'Gateway',
    minWidth: 160,
    names: true,
    cell: ({ gatewayId }) => <Name text={gatewayId} />,
  },
  { id: 'phase', title: 'Phase', minWidth: 60, cell: ({ phase }) => phase },
  {
    id: 'standing',
    title: 'Standing',
    minWidth: 150,
    cell: ({ standing }) => <StateChip state={standing} />,
  },
  { id: 'attempts', title: 'Deliveries', minWidth: 95, cell: ({ attempts }) => attempts },
  { id: 'before', title: 'Had', minWidth: 160, cell: ({ before }) => <Name text={namesText(before)} /> },
  {
    id: 'installed',
    title: 'Has',
    minWidth: 160,
    cell: ({ installed }) => <Name text={namesText(installed)} />,
  },
  {
    id: 'digest',
    title: 'Archive',
    minWidth: 135,
    cell: ({ archiveDigest }) => <Name code text={archiveDigest?.slice(0, 12) ?? '–'} />,
  },
  {
    id: 'why',
    title: 'Why not',
    minWidth: 240,
    cell: ({ failure, leftBecause }) => <Name text={failure ?? leftBecause ?? ''} />,
  },
  {
    id: 'ended',
    title: 'Ended',
    minWidth: 150,
    cell: ({ endedAt }) => (endedAt === null ? '–' : <Instant at={endedAt} />),
  },
];

function namesText(names: readonly string[] | null): string {
  return names === null || names.length === 0 ? '–' : names.join(', ');
}

/** What came of a campaign on each gateway, as evidence that can be taken along. */
export default function CampaignReportPage({ id }: { readonly id: string }) {
  const campaign = useQuery(campaignQuery(id));
  const { data } = campaign;
  return (
    <Page
      title={data === undefined ? 'Report' : `Report of ${data.requests.join(' ')} to ${data.deployment}`}
      crumbs={[
        { text: 'Campaigns', href: '/campaigns' },
        { text: 'Campaign', href: campaignHref(id) },
      ]}
      beside={data !== undefined && <StateChip state={data.state} />}
      actions={data !== undefined && <Actions campaign={data} />}
    >
      <Loaded query={campaign}>{(shown) => <ReportView campaign={shown} />}</Loaded>
    </Page>
  );
}

function ReportView({ campaign }: { readonly campaign: Campaign }) {
  const { id, state, phases, selected, createdAt, createdBy, endedAt } = campaign;
  const evidence = useInfiniteQuery(evidenceQuery(id, isCampaignEnded(state)));
  return (
    <div className="stack">
      <Card title="What came of it">
        <ShareBar parts={phaseParts(phases)} withWords />
        <p className="quiet">
          Brought <Requests requests={selected} />. Begun <Instant at={createdAt} /> by{' '}
          <Name text={createdBy ?? 'LEONORE'} />, {endedAt === null ? 'for' : 'took'}{' '}
          <Duration from={createdAt} to={endedAt} />.
          {endedAt === null && ' It has not ended: what stands here changes still.'}
        </p>
      </Card>
      <Loaded query={evidence}>
        {({ pages }) => (
          <Grid
            label="Evidence, a gateway a row"
            columns={columns}
            rows={pages.flatMap(({ items }) => items)}
            idOf={({ gatewayId }) => gatewayId}
            hrefOf={({ gatewayId }) => gatewayHref(gatewayId)}
            empty="No gateway has been chosen."
            more={{
              isLoading: evidence.isFetchingNextPage,
              load: () => {
                if (evidence.hasNextPage && !evidence.isFetchingNextPage) void evidence.fetchNextPage();
              },
            }}
          />
        )}
      </Loaded>
    </div>
  );
}

function Actions({ campaign }: { readonly campaign: Campaign }) {
  const { id, requests, state } = campaign;
  const may = useMay();
  const [, navigate] = useLocation();
  const [said, setSaid] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const doing = (work: () => Promise<void>) => () => {
    setSaid(null);
    setIsBusy(true);
    void work()
      .catch(setSaid)
      .finally(() => setIsBusy(false));
  };
  const planRest = async () => {
    const rest = await restOf((cursor) => evidencePage(id, cursor));
    if (rest === null)
      throw new Error(`More than ${plannedAtOnce} gateways are left: plan for a selector or a deployment.`);
    if (rest.length === 0) throw new Error('No gateway is left.');
    navigate(planHref({ what: requests.join(', '), kind: 'gateways', where: rest.join(' ') }));
  };
  return (
    <>
      {isCampaignEnded(state) && may('operator') && (
        <PressButton kind="primary" isBusy={isBusy} onPress={doing(planRest)}>
          Plan for the rest
        </PressButton>
      )}
      {(['csv', 'jsonl'] as const).map((format) => (
        <PressButton key={format} isBusy={isBusy} onPress={doing(() => download(id, format))}>
          {format === 'csv' ? 'Download CSV' : 'Download JSON Lines'}
        </PressButton>
      ))}
      {said !== null && <Failure error={said} />}
    </>
  );
}

const keptMs = 60_000;

/** The token goes in a header, so that a plain link would not do. */
async function download(id: string, format: 'csv' | 'jsonl'): Promise<void> {
  const address = URL.createObjectURL(await evidenceFile(id, format));
  const link = document.createElement('a');
  link.href = address;
  link.download = `campaign-${id}.${format}`;
  link.click();
  // The browser begins to read it after the press.
  setTimeout(() => URL.revokeObjectURL(address), keptMs);
}
