import { Command } from 'commander';
import type { Fleet } from '../../client/resources.js';
import { standings } from '../../domain/wanted-state/judge.js';
import type { Cli, VerbContext } from '../cli.js';
import { addGatewayFilter, gatewayFilterOf, type GatewayFilterOptions } from '../gateway-filter.js';
import { standingWords } from '../standing-words.js';

/** `leonore fleet`: how many gateways have what. */
export function fleetCommand(cli: Cli): Command {
  const command = new Command('fleet').description(
    'the fleet in numbers: how gateways stand, which versions are where, what failed within a day, how they stand to what is wanted',
  );
  return cli.serverVerb(addGatewayFilter(command), fleet);
}

async function fleet({ client, out, options }: VerbContext<GatewayFilterOptions>): Promise<undefined> {
  const counts = await client.fleet(gatewayFilterOf(options));
  const { gateways, conditions, installed, nodes, protocols, failures, wanted } = counts;
  out.result(counts, () => {
    out.facts({ gateways, ...conditions });
    out.heading('Installed');
    out.table(
      ['NAME', 'VERSION', 'GATEWAYS'],
      installed.map(({ name, version, gateways: having }) => [name, version, having]),
      'nothing',
    );
    out.heading('Nodes');
    out.table(
      ['NODE', 'GATEWAYS'],
      nodes.map(({ id, gateways: served }) => [id, served]),
      'none',
    );
    out.heading('Channels');
    out.table(
      ['CHANNEL', 'GATEWAYS'],
      protocols.map(({ protocol, gateways: speaking }) => [protocol, speaking]),
      'none',
    );
    out.heading('Failed within a day');
    out.table(
      ['CLASS', 'DELIVERIES'],
      failures.map(({ class: failure, deliveries }) => [failure, deliveries]),
      'nothing',
    );
    out.heading('Wanted');
    out.table(
      ['DEPLOYMENT', 'WANTED', 'STANDING', 'ID'],
      wanted.map(({ id, deployment, requests, compliance }) => [
        deployment,
        requests.join(' '),
        complianceText(compliance),
        id,
      ]),
      'nothing',
    );
  });
}

function complianceText(compliance: Fleet['wanted'][number]['compliance']): string {
  return standings
    .filter((standing) => compliance[standing] > 0)
    .map((standing) => `${compliance[standing]} ${standingWords[standing]}`)
    .join(', ');
}
