import { Command } from 'commander';
import type { Cli, VerbContext } from '../cli.js';
import { instantText } from '../output.js';

/** `leonore node list`. */
export function nodeCommand(cli: Cli): Command {
  const command = new Command('node').description('LEONORE nodes');
  cli.serverVerb(command.command('list').description('list all nodes'), list);
  return command;
}

async function list({ client, out }: VerbContext<object>): Promise<undefined> {
  const nodes = await client.nodes();
  out.result(nodes, () =>
    out.table(
      ['ID', 'STATE', 'GATEWAYS', 'ADDRESS', 'STARTED', 'LAST HEARTBEAT'],
      nodes.map(({ id, state, gatewayCount, address, startedAt, heartbeatAt }) => [
        id,
        state,
        gatewayCount,
        address,
        instantText(startedAt),
        instantText(heartbeatAt),
      ]),
      'no nodes',
    ),
  );
}
