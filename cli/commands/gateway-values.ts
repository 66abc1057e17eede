import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import type { GatewayValue } from '../../client/resources.js';
import { badUsage } from '../bad-usage.js';
import type { Cli, VerbContext } from '../cli.js';
import { instantText, type Output } from '../output.js';

interface SetOptions {
  readonly secret?: true;
}

/** `leonore gateway values | set | unset`: what artifacts need to know and what differs from gateway to gateway. */
export function gatewayValueVerbs(cli: Cli, gateway: Command): void {
  cli.serverVerb(
    gateway
      .command('values')
      .description('list the values of a gateway; secrets are named, not shown')
      .argument('<id>'),
    list,
  );
  cli.serverVerb(
    gateway
      .command('set')
      .description(
        'set values of a gateway; they go there with the next package that declares them. A KEY without a value is read from standard input, so that a secret need not stand on the command line',
      )
      .argument('<id>')
      .argument('<key=value...>')
      .option('--secret', 'never show them again, and encrypt them in the database'),
    set,
  );
  cli.serverVerb(
    gateway
      .command('unset')
      .description('remove values of a gateway; it keeps what it was given until it is provisioned again')
      .argument('<id>')
      .argument('<key...>'),
    unset,
  );
}

async function list({ client, out }: VerbContext<object>, id: string): Promise<undefined> {
  draw(out, await client.gatewayValues(id));
}

async function set(
  { client, out, options }: VerbContext<SetOptions>,
  id: string,
  pairs: readonly string[],
): Promise<undefined> {
  const values = await readPairs(pairs);
  draw(out, await client.changeGatewayValues(id, { set: values, secret: options.secret === true }));
}

async function unset({ client, out }: VerbContext<object>, id: string, keys: string[]): Promise<undefined> {
  draw(out, await client.changeGatewayValues(id, { unset: keys }));
}

async function readPairs(pairs: readonly string[]): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  const open = pairs.filter((pair) => !pair.includes('='));
  if (open.length > 1) throw badUsage(`standard input can hold one value only: ${open.join(', ')}`);
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    // The line feed that editors and echo put at the end is not meant.
    if (at < 0) values[pair] = (await text(process.stdin)).replace(/\r?\n$/, '');
    else values[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return values;
}

function draw(out: Output, values: readonly GatewayValue[]): void {
  out.result(values, () =>
    out.table(
      ['KEY', 'VALUE', 'SET'],
      values.map(({ key, value, updatedAt }) => [key, value ?? '(secret)', instantText(updatedAt)]),
      'no values',
    ),
  );
}
