import { Command, Option } from 'commander';
import type { Enrolment } from '../../client/resources.js';
import { approvals, type Approval } from '../../domain/enrolment/grant.js';
import { limits } from '../../domain/limits.js';
import { collect, duration, wholeNumber } from '../arguments.js';
import { badUsage } from '../bad-usage.js';
import type { Cli, VerbContext } from '../cli.js';
import { addConfirmation } from '../confirm.js';
import { instantText } from '../output.js';

interface CreateOptions {
  readonly count?: number;
  /** Seconds. */
  readonly expires?: number;
  readonly id?: readonly string[];
  readonly label?: readonly string[];
  readonly reported?: readonly string[];
  readonly site?: string;
  readonly node?: string;
  readonly approval: Approval;
  readonly keyless?: true;
}

/** `leonore enrolment create | list | revoke`: tokens with which gateways may enrol. */
export function enrolmentCommand(cli: Cli): Command {
  const command = new Command('enrolment').description('tokens with which gateways may enrol');
  cli.serverVerb(
    command
      .command('create')
      .description('make a token with which gateways may enrol; it is shown this once')
      .argument('<name>')
      .option(
        '--count <n>',
        'how many gateways (default: any number)',
        wholeNumber(1, limits.enrolmentGateways),
      )
      .option('--expires <time>', 'how long, such as 6h, 2d or 90d (default: until it is revoked)', duration)
      .option('--id <pattern>', 'ids that may enrol, with * and ?; may be repeated (default: all)', collect)
      .option('--label <key=value>', 'label that they get; may be repeated', collect)
      .option('--site <name>', 'the same as --label site=NAME: where they are')
      .option(
        '--reported <name>',
        'label that they may set themselves, or * for all; may be repeated (default: none)',
        collect,
      )
      .option('--node <id>', 'node that they are assigned to, if it is up')
      .addOption(
        new Option('--approval <how>', 'person: each waits until somebody approves it')
          .choices(approvals)
          .default('automatic'),
      )
      .option('--keyless', 'take gateways that have no key, such as agents of a former version'),
    create,
  );
  cli.serverVerb(command.command('list').description('list enrolments; their tokens are not shown'), list);
  cli.serverVerb(
    addConfirmation(
      command
        .command('revoke')
        .description('make a token void at once; gateways that enrolled with it stay')
        .argument('<name>'),
    ),
    revoke,
  );
  return command;
}

async function create(
  { client, out, options }: VerbContext<CreateOptions>,
  name: string,
): Promise<undefined> {
  const { count, expires, id, label = [], reported, site, node, approval, keyless } = options;
  const labels: Record<string, string> = Object.fromEntries(label.map(pairOf));
  if (site !== undefined) labels['site'] = site;
  const made = await client.enrolment.create({
    name,
    labels,
    approval,
    ...(id === undefined ? {} : { ids: [...id] }),
    ...(reported === undefined ? {} : { reportedLabels: [...reported] }),
    ...(node === undefined ? {} : { nodeId: node }),
    ...(keyless === undefined ? {} : { keyless }),
    ...(count === undefined ? {} : { most: count }),
    ...(expires === undefined ? {} : { expiresInSeconds: expires }),
  });
  out.result(made, () => {
    out.line(`made ${name}; its token is shown this once:`);
    out.line(made.token);
  });
}

async function list({ client, out }: VerbContext<object>): Promise<undefined> {
  const enrolments = await client.enrolment.list();
  out.result(enrolments, () =>
    out.table(
      ['NAME', 'USED', 'EXPIRES', 'IDS', 'LABELS', 'REPORTED', 'NODE', 'APPROVAL', 'KEYLESS'],
      enrolments.map((enrolment) => [
        enrolment.name,
        usedText(enrolment),
        enrolment.expiresAt === null ? '' : instantText(enrolment.expiresAt),
        enrolment.ids.join(' '),
        Object.entries(enrolment.labels)
          .map(([key, value]) => `${key}=${value}`)
          .join(' '),
        enrolment.reportedLabels.join(' '),
        enrolment.nodeId,
        enrolment.approval,
        enrolment.keyless ? 'yes' : '',
      ]),
      'no enrolments',
    ),
  );
}

async function revoke({ client, out, confirm }: VerbContext<object>, name: string): Promise<undefined> {
  await confirm(`revoke the enrolment ${name}`);
  await client.enrolment.revoke(name);
  out.result({ revoked: name }, () => out.line(`revoked ${name}`));
}

function usedText({ used, most }: Enrolment): string {
  return most === null ? String(used) : `${used} of ${most}`;
}

function pairOf(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw badUsage(`"${text}" is not KEY=VALUE.`);
  return [text.slice(0, at), text.slice(at + 1)];
}
