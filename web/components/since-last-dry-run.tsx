import { bytesText } from '../../domain/units.js';
import { changesOf, type Change, type DryRunSummary } from '../logic/last-dry-run.js';
import { countedText, numberText } from '../logic/numbers.js';
import { printableLines } from '../logic/text.js';
import { Instant } from './clock.js';
import { Name } from './name.js';
import { Card } from './page.js';
import { PlainTable } from './plain-table.js';

interface SinceLastDryRunProps {
  readonly before: DryRunSummary;
  readonly last: DryRunSummary;
}

/** What a dry run says otherwise than the one before it. */
export function SinceLastDryRun({ before, last }: SinceLastDryRunProps) {
  const numbers = [
    { what: 'can be served', of: ({ served }: DryRunSummary) => numberText(served) },
    { what: 'cannot be', of: ({ unserved }: DryRunSummary) => numberText(unserved) },
    { what: 'packages', of: ({ packages }: DryRunSummary) => numberText(packages) },
    { what: 'fetched in all', of: ({ downloadBytes }: DryRunSummary) => bytesText(downloadBytes) },
  ].filter(({ of }) => of(before) !== of(last));
  const plans = changesOf(before.plans, last.plans);
  const reasons = changesOf(before.reasons, last.reasons);
  return (
    <Card title="Since the last dry run">
      <p className="quiet">
        That of <Instant at={new Date(before.atMs).toISOString()} />
        {before.question !== last.question && (
          <>
            , which asked <Name code text={before.question} />
          </>
        )}
        .
      </p>
      {numbers.length + plans.length + reasons.length === 0 ? (
        <p>It came to the same.</p>
      ) : (
        <PlainTable
          label="Table of what is otherwise"
          head={['', 'then', 'now']}
          rows={[
            ...numbers.map(({ what, of }) => ({ key: what, cells: [what, of(before), of(last)] })),
            ...changedRows('plan', plans),
            ...changedRows('why not', reasons),
          ]}
        />
      )}
    </Card>
  );
}

/** Changes that are shown of each kind. */
const shown = 12;

function changedRows(kind: string, changes: readonly Change[]) {
  const rows = changes.slice(0, shown).map(({ text, before, now }) => ({
    key: `${kind} ${text}`,
    cells: [
      <span key="what">
        {kind}: {printableLines(text)}
      </span>,
      countedText(before, 'gateway'),
      countedText(now, 'gateway'),
    ],
  }));
  if (changes.length <= shown) return rows;
  return [...rows, { key: kind, cells: [`${kind}: ${numberText(changes.length - shown)} more`, '', ''] }];
}
