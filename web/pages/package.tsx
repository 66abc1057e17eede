import { useQuery } from '@tanstack/react-query';
import { bytesText } from '../../domain/units.js';
import { packageQuery } from '../api/resource-queries.js';
import { Instant } from '../components/clock.js';
import { Loaded } from '../components/loaded.js';
import { Name } from '../components/name.js';
import { Card, Empty, Page } from '../components/page.js';
import { Printed } from '../components/printed.js';

export default function PackagePage({ id }: { readonly id: string }) {
  return (
    <Page title={`Package ${id.slice(0, 12)}`} crumbs={[{ text: 'Packages', href: '/packages' }]}>
      <Loaded query={useQuery(packageQuery(id))}>
        {({ digest, sizeBytes, installedBytes, artifacts, builtBy, builtAt, lastNeededAt, log }) => (
          <div className="stack">
            <Card title="Package">
              <dl className="facts">
                <dt>Holds</dt>
                <dd>
                  <Name text={artifacts.join(', ')} />
                </dd>
                <dt>Size</dt>
                <dd>
                  {bytesText(sizeBytes)}, installed {bytesText(installedBytes)}
                </dd>
                <dt>Built</dt>
                <dd>
                  <Instant at={builtAt} /> by <Name text={builtBy} />
                </dd>
                <dt>Last needed</dt>
                <dd>
                  <Instant at={lastNeededAt} />
                </dd>
                <dt>Digest</dt>
                <dd>
                  <code>{digest}</code>
                </dd>
              </dl>
            </Card>
            <Card title="Log of its build">
              {log === '' ? <Empty>Nothing was said.</Empty> : <Printed what="Log" text={log} />}
            </Card>
          </div>
        )}
      </Loaded>
    </Page>
  );
}
