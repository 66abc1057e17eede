import { Command } from 'commander';
import type { AuditEntry } from '../../client/resources.js';
import { duration, wholeNumber } from '../arguments.js';
import type { Cli, VerbContext } from '../cli.js';
import { instantText } from '../output.js';

interface AuditOptions {
  readonly by?: string;
  readonly action?: string;
  readonly about?: string;
  /** Seconds. */
  readonly since?: number;
  readonly most: number;
  readonly export?: true;
}

/** Of what is asked about, what people look through. */
const shownEntries = 50;

/** `leonore audit`: who changed what. */
export function auditCommand(cli: Cli): Command {
  const command = new Command('audit').description(
    'who changed what, when, and from where; the latest first',
  );
  return cli.serverVerb(
    command
      .option('--by <name>', 'only what this principal asked for')
      .option('--action <operation>', 'only these, such as startRollout')
      .option('--about <subject>', 'only what is about this, or begins so, such as gateways/gw-1')
      .option('--since <time>', 'not what is longer ago, such as 15m, 6h or 2d', duration)
      .option('--most <n>', 'how many are shown', wholeNumber(1, 100_000), shownEntries)
      .option('--export', 'all of them, a line of JSON each, with what was there before and after'),
    audit,
  );
}

async function audit({ client, out, options }: VerbContext<AuditOptions>): Promise<undefined> {
  const { by, action, about, since, most } = options;
  const filter = {
    ...(by === undefined ? {} : { principal: by }),
    ...(action === undefined ? {} : { action }),
    ...(about === undefined ? {} : { subject: about }),
    ...(since === undefined ? {} : { from: new Date(Date.now() - since * 1_000).toISOString() }),
  };
  const entries: AuditEntry[] = [];
  for await (const entry of client.people.audit(filter)) {
    if (options.export === true) out.jsonLine(entry);
    else if (entries.push(entry) === most) break;
  }
  if (options.export === true) return;
  out.result(entries, () =>
    out.table(
      ['WHEN', 'WHO', 'FROM', 'WHAT', 'ABOUT', 'CAME TO'],
      entries.map(({ at, principal, address, action: what, subject, outcome }) => [
        instantText(at),
        principal,
        address,
        what,
        outcome?.made ?? subject,
        outcomeText(outcome),
      ]),
      'nothing',
    ),
  );
}

function outcomeText(outcome: AuditEntry['outcome']): string {
  if (outcome === null) return 'not known';
  return outcome.code ?? 'done';
}
