import { Command } from 'commander';
import type { Gateway } from '../../client/resources.js';
import type { Cli, VerbContext } from '../cli.js';
import { gatewayValueVerbs } from './gateway-values.js';
import { bytesText, instantText, type Output } from '../output.js';

type Context = VerbContext<object>;

/** `leonore gateway list | show | profile | decommission`: the fleet. */
export function gatewayCommand(cli: Cli): Command {
  const command = new Command('gateway').description('the fleet');
  cli.serverVerb(command.command('list').description('list all gateways'), list);
  cli.serverVerb(
    command.command('show').description('show a gateway with its profile').argument('<id>'),
    show,
  );
  cli.serverVerb(
    command
      .command('profile')
      .description('ask a gateway for a fresh profile; it comes at its next contact')
      .argument('<id>'),
    requestProfile,
  );
  cli.serverVerb(
    command
      .command('decommission')
      .description('take a gateway out of service; its token is void at once')
      .argument('<id>'),
    decommission,
  );
  gatewayValueVerbs(cli, command);
  return command;
}

async function list({ client, out }: Context): Promise<undefined> {
  const gateways = await client.gateways();
  out.result(gateways, () =>
    out.table(
      ['ID', 'STATE', 'NODE', 'CHANNEL', 'ARCH', 'LAST SEEN'],
      gateways.map(({ id, state, nodeId, protocol, strategy, profile, lastSeenAt }) => [
        id,
        state,
        nodeId,
        `${protocol} ${strategy}`,
        profile.hardware.arch,
        instantText(lastSeenAt),
      ]),
      'no gateways',
    ),
  );
}

async function show({ client, out }: Context, id: string): Promise<undefined> {
  const gateway = await client.gateway(id);
  out.result(gateway, () => drawGateway(out, gateway));
}

async function requestProfile({ client, out }: Context, id: string): Promise<undefined> {
  await client.requestProfile(id);
  out.result({ requested: id }, () => out.line(`asked ${id} for its profile`));
}

async function decommission({ client, out }: Context, id: string): Promise<undefined> {
  await client.decommissionGateway(id);
  out.result({ decommissioned: id }, () => out.line(`decommissioned ${id}`));
}

function drawGateway(out: Output, gateway: Gateway): void {
  const { hardware, software, labels = {}, installed = [] } = gateway.profile;
  out.facts({
    id: gateway.id,
    name: gateway.profile.name,
    state: gateway.state,
    node: gateway.nodeId,
    channel: `${gateway.protocol} ${gateway.strategy}`,
    agent: gateway.agentVersion,
    registered: instantText(gateway.registeredAt),
    'last seen': instantText(gateway.lastSeenAt),
    platform: [hardware.arch, software.os, software.kernel, software.libc]
      .filter((part) => part !== undefined)
      .join(' '),
    disk: sizeText(hardware.diskFree, hardware.diskTotal),
    memory: sizeText(hardware.memoryFree, hardware.memoryTotal),
    labels:
      Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(' ') || null,
    components: namesOf(hardware.components),
    tools: namesOf(software.tools),
  });
  out.heading('Installed');
  out.table(
    ['NAME', 'VERSION', 'SIZE', 'ASKED FOR'],
    installed.map(({ name, version, installedSize, requested }) => [
      name,
      version,
      installedSize === undefined ? '' : bytesText(installedSize),
      requested === true ? 'yes' : '',
    ]),
    'nothing',
  );
}

function sizeText(free: number | undefined, total: number | undefined): string | null {
  if (total === undefined) return null;
  return free === undefined ? bytesText(total) : `${bytesText(free)} free of ${bytesText(total)}`;
}

function namesOf(components: readonly { name: string; version: string }[] = []): string | null {
  return components.map(({ name, version }) => `${name}@${version}`).join(' ') || null;
}
