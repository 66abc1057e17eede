import { Command } from 'commander';
import { collect } from '../arguments.js';
import { badUsage } from '../bad-usage.js';
import type { Cli, VerbContext } from '../cli.js';
import { instantText } from '../output.js';

type Context = VerbContext<object>;

interface CreateOptions {
  readonly gateway?: string[];
  readonly select?: string;
}

/** `leonore deployment create | list | show`: named sets of gateways. */
export function deploymentCommand(cli: Cli): Command {
  const command = new Command('deployment').description('named sets of gateways');
  cli.serverVerb(
    command
      .command('create')
      .description('name a set of gateways: a list, or a selector')
      .argument('<name>')
      .option('--gateway <id>', 'a gateway of the set; may be given many times', collect)
      .option('--select <expr>', 'selector over labels and profile, such as: labels.building == "b1"'),
    create,
  );
  cli.serverVerb(command.command('list').description('list all deployments'), list);
  cli.serverVerb(command.command('show').description('show a deployment').argument('<name>'), show);
  return command;
}

async function create(
  { client, out, options }: VerbContext<CreateOptions>,
  name: string,
): Promise<undefined> {
  const { gateway: gatewayIds, select } = options;
  if ((gatewayIds === undefined) === (select === undefined))
    throw badUsage('give either --gateway or --select');
  const chosen = gatewayIds === undefined ? {} : { gatewayIds };
  const deployment = await client.createDeployment({
    name,
    ...chosen,
    ...(select === undefined ? {} : { select }),
  });
  out.result(deployment, () => out.line(`${out.colors.green('created')} ${deployment.name}`));
}

async function list({ client, out }: Context): Promise<undefined> {
  const deployments = await client.deployments();
  out.result(deployments, () =>
    out.table(
      ['NAME', 'GATEWAYS', 'CREATED'],
      deployments.map(({ name, gatewayIds, select, createdAt }) => [
        name,
        select ?? `${gatewayIds.length} by name`,
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
      gateways: deployment.gateways,
      created: instantText(deployment.createdAt),
    });
    for (const id of deployment.gatewayIds) out.line(`  ${id}`);
  });
}
