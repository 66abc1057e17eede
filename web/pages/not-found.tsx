import { Link } from 'wouter';
import { Card, Page } from '../components/page.js';

/** An address that leads nowhere. */
export function NotFoundPage() {
  return (
    <Page title="Not found">
      <Card title="There is no such page">
        <p>
          The address may be mistyped. <Link href="/">Go to the overview</Link>.
        </p>
      </Card>
    </Page>
  );
}
