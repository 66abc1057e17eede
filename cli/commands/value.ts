import { Command } from 'commander';
import type { GatewayValues } from '../../client/requests.js';
import type { SharedValue, ValueChanges } from '../../client/resources.js';
import { badUsage } from '../bad-usage.js';
import type { Cli, VerbContext } from '../cli.js';
import { instantText } from '../output.js';
import { warnOfUndeclared } from '../undeclared-keys.js';
import { readPairs } from '../value-pairs.js';

interface PlaceOptions {
  readonly fleet?: true;
  readonly select?: string;
  readonly gateway?: string;
}

interface SetOptions extends PlaceOptions {
  readonly secret?: true;
}

/** `leonore value set | list | unset`: values of the fleet, of all that a selector matches, of one gateway. */
export function valueCommand(cli: Cli): Command {
  const command = new Command('value').description(
    'values of the fleet, of selectors and of gateways; the nearest of a key counts',
  );
  cli.serverVerb(
    withPlace(command.command('set'))
      .description(
        'set values; what is installed and declares them is configured anew. A KEY without a value is read from standard input',
      )
      .argument('<key=value...>')
      .option('--secret', 'never show them again, and encrypt them in the database'),
    set,
  );
  cli.serverVerb(
    command
      .command('list')
      .description('list the values of fleet and selectors; secrets are named, not shown'),
    list,
  );
  cli.serverVerb(
    withPlace(command.command('unset'))
      .description('remove values; what is installed gets the next nearest, or the default')
      .argument('<key...>'),
    unset,
  );
  return command;
}

function withPlace(command: Command): Command {
  return command
    .option('--fleet', 'of all gateways')
    .option('--select <expr>', 'of all gateways that a selector matches, such as: labels.building == "b1"')
    .option('--gateway <id>', 'of one gateway');
}

async function set(context: VerbContext<SetOptions>, pairs: readonly string[]): Promise<undefined> {
  checkPlace(context.options);
  await change(context, { set: await readPairs(pairs), secret: context.options.secret === true });
}

async function unset(context: VerbContext<PlaceOptions>, keys: string[]): Promise<undefined> {
  checkPlace(context.options);
  await change(context, { unset: keys });
}

async function list({ client, out }: VerbContext<object>): Promise<undefined> {
  const values = await client.sharedValues();
  out.result(values, () => drawRows({ out }, values));
}

function checkPlace({ fleet, select, gateway }: PlaceOptions): void {
  if ([fleet, select, gateway].filter((place) => place !== undefined).length !== 1)
    throw badUsage('Give one of --fleet, --select and --gateway.');
}

async function change(
  { client, out, options, progress }: VerbContext<PlaceOptions>,
  changes: ValueChanges,
): Promise<void> {
  const { select, gateway } = options;
  const answer =
    gateway === undefined
      ? await client.changeSharedValues({ ...changes, ...(select === undefined ? {} : { select }) })
      : await client.changeGatewayValues(gateway, changes);
  warnOfUndeclared(answer.undeclared, progress);
  out.result(answer, () => drawRows({ out }, answer.items));
}

function drawRows(
  { out }: Pick<VerbContext<object>, 'out'>,
  values: readonly (SharedValue | GatewayValues['items'][number])[],
): void {
  out.table(
    ['KEY', 'VALUE', 'FROM', 'SET'],
    values.map((value) => [
      value.key,
      value.value ?? '(secret)',
      value.select ?? ('level' in value ? value.level : 'fleet'),
      instantText(value.updatedAt),
    ]),
    'no values',
  );
}
