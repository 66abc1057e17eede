import { Command } from 'commander';
import { collect } from '../arguments.js';
import { badUsage } from '../bad-usage.js';
import type { Cli, VerbContext } from '../cli.js';
import { addConfirmation } from '../confirm.js';
import { instantText } from '../output.js';

type Context = VerbContext<object>;

interface ContentOptions {
  readonly gateway?: string[];
  readonly select?: string;
  readonly frozen?: true;
}

/** `leonore deployment create | change | remove | list | show`: named sets of gateways. */
export function deploymentCommand(cli: Cli): Command {
  const command = new Command('deployment').description('named sets of gateways');
  cli.serverVerb(
    addContent(command.command('create').description('name a set of gateways: a list, or a selector')).option(
      '--idempotency-key <key>',
      'the same key creates it once',
    ),
    create,
  );
  cli.serverVerb(
    addContent(command.command('change').description('other gateways under the same name')),
    change,
  );
  cli.serverVerb(
    addConfirmation(
      command.command('remove').description('forget one that nothing needs any more').argument('<name>'),
    ),
    remove,
  );
  cli.serverVerb(command.command('list').description('list all deployments'), list);
  cli.serverVerb(command.command('show').description('show a deployment').argument('<name>'), show);
  return command;
}

function addContent(command: Command): Command {
  return command
    .argument('<name>')
    .option('--gateway <id>', 'a gateway of the set; may be given many times', collect)
    .option('--select <expr>', 'selector over labels and profile, such as: labels.building == "b1"')
    .option('--frozen', 'look the selector up once, now: who comes later does not belong to it');
}

function contentOf({ gateway: gatewayIds, select, frozen }: ContentOptions) {
  if ((gatewayIds === undefined) === (select === undefined))
    throw badUsage('give either --gateway or --select');
  return {
    ...(gatewayIds === undefined ? {} : { gatewayIds }),
    ...(select === undefined ? {} : { select }),
    ...(frozen === undefined ? {} : { mode: 'frozen' as const }),
  };
}

async function create(
  { client, out, options }: VerbContext<ContentOptions & { readonly idempotencyKey?: string }>,
  name: string,
): Promise<undefined> {
  const deployment = await client.createDeployment({ name, ...contentOf(options) }, options.idempotencyKey);
  out.result(deployment, () => out.line(`${out.colors.green('created')} ${deployment.name}`));
}

async function change(
  { client, out, options }: VerbContext<ContentOptions>,
  name: string,
): Promise<undefined> {
  const deployment = await client.changeDeployment({ name, ...contentOf(options) });
  out.result(deployment, () => out.line(`${out.colors.green('changed')} ${deployment.name}`));
}

async function remove({ client, out, confirm }: Context, name: string): Promise<undefined> {
  await confirm(`remove the deployment ${name}`);
  await client.removeDeployment(name);
  out.result({ removed: name }, () => out.line(`${out.colors.green('removed')} ${name}`));
}

async function list({ client, out }: Context): Promise<undefined> {
  const deployments = await client.deployments();
  out.result(deployments, () =>
    out.table(
      ['NAME', 'GATEWAYS', 'MODE', 'CREATED'],
      deployments.map(({ name, gatewayIds, select, mode, createdAt }) => [
        name,
        select ?? `${gatewayIds.length} by name`,
        mode,
        instantText(createdAt),
      ]),
      'no deployments',
    ),
  );
}

async function show({ client, out }: Context, name: string): Promise<undefined> {
  const deployment = await client.deployment(name);
  out.result(deployment, () => {
    out.facts({
      name: deployment.name,
      select: deployment.select,
      mode: deployment.mode,
      gateways: deployment.gateways,
      created: instantText(deployment.createdAt),
    });
    for (const id of deployment.gatewayIds) out.line(`  ${id}`);
  });
}
