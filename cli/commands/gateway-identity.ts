import type { Command } from 'commander';
import { contestReasons } from '../../domain/gateway/admission.js';
import { limits } from '../../domain/limits.js';
import { duration } from '../arguments.js';
import { badUsage } from '../bad-usage.js';
import type { Cli, VerbContext } from '../cli.js';
import { readExpectedGateways } from '../expected-gateways-file.js';
import { instantText } from '../output.js';

interface ReadmitOptions {
  readonly claim?: true;
  /** Seconds. */
  readonly expires?: number;
}

interface ExpectOptions {
  /** False with `--no-claims`. */
  readonly claims: boolean;
  readonly expires?: number;
}

/** `leonore gateway contested | approve | readmit | label | expect`: who a gateway is. */
export function gatewayIdentityVerbs(cli: Cli, gateway: Command): void {
  cli.serverVerb(
    gateway
      .command('contested')
      .description(
        'list registrations that were refused because the id belongs to a gateway, the latest first',
      )
      .argument('[id]'),
    contested,
  );
  cli.serverVerb(
    gateway.command('approve').description('let a gateway in that waits for it').argument('<id>'),
    approve,
  );
  cli.serverVerb(
    gateway
      .command('readmit')
      .description(
        'let an id be enrolled anew, decommissioned or on other hardware: its key and token are forgotten, labels and values stay',
      )
      .argument('<id>')
      .option('--claim', 'make a one-time code, by which alone it is enrolled')
      .option(
        '--expires <time>',
        'how long the code holds, such as 15m, 6h or 2d (default: for good)',
        duration,
      ),
    readmit,
  );
  cli.serverVerb(
    gateway
      .command('label')
      .description("set labels of the operator's: KEY=VALUE; KEY= takes one away")
      .argument('<id>')
      .argument('<key=value...>'),
    label,
  );
  cli.serverVerb(
    gateway
      .command('expect')
      .description(
        'register gateways before they come, by a file of CSV (columns id, node; every other is a label) or JSON; prints a one-time claim code for each',
      )
      .argument('<file>')
      .option('--no-claims', 'without codes: any enrolment token that allows their ids will do')
      .option(
        '--expires <time>',
        'how long they are expected, such as 2d or 90d (default: for good)',
        duration,
      ),
    expectGateways,
  );
}

async function contested({ client, out }: VerbContext<object>, id?: string): Promise<undefined> {
  const contests = await client.enrolment.contests(id);
  out.result(contests, () =>
    out.table(
      ['GATEWAY', 'WHAT CAME', 'FROM', 'TIMES', 'FIRST', 'LAST', 'KEY'],
      contests.map(({ gatewayId, reason, address, count, firstAt, lastAt, key }) => [
        gatewayId,
        contestReasons[reason],
        address,
        count,
        instantText(firstAt),
        instantText(lastAt),
        key,
      ]),
      'nobody came under the id of another',
    ),
  );
}

async function approve({ client, out }: VerbContext<object>, id: string): Promise<undefined> {
  const gateway = await client.enrolment.approve(id);
  out.result(gateway, () => out.line(`approved ${id}; it is told when it asks again`));
}

async function readmit(
  { client, out, options }: VerbContext<ReadmitOptions>,
  id: string,
): Promise<undefined> {
  const { claim, expires } = options;
  if (claim !== true && expires !== undefined) throw badUsage('--expires belongs to --claim.');
  const readmitted = await client.enrolment.readmit(id, {
    code: claim === true,
    ...(expires === undefined ? {} : { expiresInSeconds: expires }),
  });
  out.result(readmitted, () => {
    out.line(`${id} may enrol anew`);
    if (readmitted.claimCode !== null)
      out.line(`by this code alone, shown this once: ${readmitted.claimCode}`);
  });
}

async function label(
  { client, out }: VerbContext<object>,
  id: string,
  pairs: readonly string[],
): Promise<undefined> {
  const set: Record<string, string> = {};
  const unset: string[] = [];
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw badUsage(`"${pair}" is not KEY=VALUE.`);
    if (at === pair.length - 1) unset.push(pair.slice(0, at));
    else set[pair.slice(0, at)] = pair.slice(at + 1);
  }
  const gateway = await client.changeGatewayLabels(id, { set, unset });
  out.result(gateway, () =>
    out.table(
      ['LABEL', 'VALUE', 'BY'],
      Object.entries(gateway.labels).map(([name, value]) => [
        name,
        value,
        Object.hasOwn(gateway.operatorLabels, name) ? 'operator' : 'gateway',
      ]),
      'no labels',
    ),
  );
}

/** In parts that a request can hold. Doing it again after a failure makes new codes for all. */
async function expectGateways(
  { client, out, options }: VerbContext<ExpectOptions>,
  file: string,
): Promise<undefined> {
  const gateways = await readExpectedGateways(file);
  if (gateways.length === 0) throw badUsage(`${file} names no gateways.`);
  const { perRequest } = limits.expectedGateways;
  const expected: { id: string; claimCode: string | null }[] = [];
  for (let from = 0; from < gateways.length; from += perRequest) {
    const part = await client.enrolment.expect({
      gateways: gateways.slice(from, from + perRequest),
      codes: options.claims,
      ...(options.expires === undefined ? {} : { expiresInSeconds: options.expires }),
    });
    expected.push(...part);
  }
  out.result(expected, () =>
    out.table(
      ['GATEWAY', 'CLAIM CODE (SHOWN THIS ONCE)'],
      expected.map(({ id, claimCode }) => [id, claimCode]),
      'none',
    ),
  );
}
