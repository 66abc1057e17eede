import type { Command } from 'commander';
import type { GatewayValues } from '../../client/requests.js';
import type { Cli, VerbContext } from '../cli.js';
import { instantText, type Output } from '../output.js';
import { readPairs } from '../value-pairs.js';
import { warnOfUndeclared } from '../undeclared-keys.js';

interface SetOptions {
  readonly secret?: true;
}

/** `leonore gateway values | set | unset`: what artifacts need to know and what differs from gateway to gateway. */
export function gatewayValueVerbs(cli: Cli, gateway: Command): void {
  cli.serverVerb(
    gateway
      .command('values')
      .description('list the values of a gateway and where each comes from; secrets are named, not shown')
      .argument('<id>'),
    list,
  );
  cli.serverVerb(
    gateway
      .command('set')
      .description(
        "set values of a gateway's own; what is installed and declares them is configured anew. A KEY without a value is read from standard input, so that a secret need not stand on the command line",
      )
      .argument('<id>')
      .argument('<key=value...>')
      .option('--secret', 'never show them again, and encrypt them in the database'),
    set,
  );
  cli.serverVerb(
    gateway
      .command('unset')
      .description(
        "remove values of a gateway's own; what is installed gets the next nearest, or the default",
      )
      .argument('<id>')
      .argument('<key...>'),
    unset,
  );
}

async function list(context: VerbContext<object>, id: string): Promise<undefined> {
  draw(context, await context.client.gatewayValues(id));
}

async function set(
  context: VerbContext<SetOptions>,
  id: string,
  pairs: readonly string[],
): Promise<undefined> {
  const secret = context.options.secret === true;
  draw(context, await context.client.changeGatewayValues(id, { set: await readPairs(pairs), secret }));
}

async function unset(context: VerbContext<object>, id: string, keys: string[]): Promise<undefined> {
  draw(context, await context.client.changeGatewayValues(id, { unset: keys }));
}

function draw({ out, progress }: VerbContext<object>, values: GatewayValues): void {
  warnOfUndeclared(values.undeclared, progress);
  // A list, as scripts know it; `gateway show` has what is still to be configured, too.
  out.result(values.items, () => drawValues(out, values));
}

/** Values and where each comes from, and what has not taken them over yet. */
export function drawValues(out: Output, { items, pending }: GatewayValues): void {
  out.table(
    ['KEY', 'VALUE', 'FROM', 'SET'],
    items.map(({ key, value, level, select, updatedAt }) => [
      key,
      value ?? '(secret)',
      select ?? level,
      instantText(updatedAt),
    ]),
    'no values',
  );
  for (const { artifact, problem } of pending)
    out.line(`${artifact} is still to be configured${problem === null ? '' : `: ${problem}`}`);
}
