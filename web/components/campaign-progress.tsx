import { useQuery } from '@tanstack/react-query';
import { campaignProgressQuery, type Schemas } from '../api/queries.js';
import { Instant } from './clock.js';
import { Loaded } from './loaded.js';
import { Empty } from './page.js';
import { TimeChart } from './time-chart.js';

/** How far a campaign has come over time, beside how far it was predicted to, and when it ends. */
export function CampaignProgress({ id, isEnded }: { readonly id: string; readonly isEnded: boolean }) {
  return (
    <Loaded query={useQuery(campaignProgressQuery(id, isEnded))}>
      {({ samples, predicted, ends, isMeasured }) =>
        samples.length === 0 ? (
          <Empty>The gateways are not chosen yet.</Empty>
        ) : (
          <>
            <p>
              {ends !== null && (
                <>
                  If it goes on as was predicted, it ends <Between {...ends} />.{' '}
                </>
              )}
              {predicted === null ? (
                'Nothing can be predicted: no window opens before its deadline.'
              ) : (
                <span className="quiet">
                  When it began, <Between {...predicted} /> was predicted,{' '}
                  {isMeasured ? 'from what deliveries took before' : 'which was a guess'}; approvals were
                  taken to be given at once.
                </span>
              )}
            </p>
            <TimeChart
              label="Gateways that have ended, over time"
              at={samples.map(({ at }) => at)}
              lines={[
                { name: 'ended', counts: samples.map(({ ended }) => ended) },
                { name: 'succeeded', counts: samples.map(({ succeeded }) => succeeded) },
              ]}
              band={
                predicted === null
                  ? null
                  : {
                      name: 'predicted',
                      low: samples.map(({ atLeast }) => atLeast),
                      high: samples.map(({ atMost }) => atMost),
                    }
              }
            />
          </>
        )
      }
    </Loaded>
  );
}

function Between({ earliest, latest }: NonNullable<Schemas['CampaignProgress']['ends']>) {
  return (
    <>
      between <Instant at={earliest} /> and <Instant at={latest} />
    </>
  );
}
