import { Command } from 'commander';
import type { Gateway } from '../../client/resources.js';
import { duration } from '../arguments.js';
import { badUsage } from '../bad-usage.js';
import type { Cli, VerbContext } from '../cli.js';
import { ExitCode } from '../exit-code.js';
import { gatewayIdentityVerbs } from './gateway-identity.js';
import { gatewayValueVerbs } from './gateway-values.js';
import { endedParts } from './order.js';
import { bytesText, instantText, printable, secondsText, type Output } from '../output.js';

type Context = VerbContext<object>;

interface ListOptions {
  readonly unwell?: true;
}

interface DecommissionOptions {
  readonly wipe?: true;
  /** Seconds. */
  readonly deadline?: number;
}

/** A gateway that does not answer in that time is away: nobody waits for it at a terminal. */
const defaultWipeSeconds = 3_600;

/** `leonore gateway list | show | profile | decommission`: the fleet. */
export function gatewayCommand(cli: Cli): Command {
  const command = new Command('gateway').description('the fleet');
  cli.serverVerb(
    command
      .command('list')
      .description('list all gateways')
      .option('--unwell', 'only those on which something is not as it should be'),
    list,
  );
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
      .description(
        'take a gateway out of service: its token is void at once, and its id is refused until it is readmitted',
      )
      .argument('<id>')
      .option(
        '--wipe',
        'first have it remove all that was installed, with what that keeps, and wait until it says so',
      )
      .option(
        '--deadline <time>',
        'how long to wait for that, such as 90s, 15m, 6h or 2d (default: 1h); then it stays in service',
        duration,
      ),
    decommission,
  );
  gatewayValueVerbs(cli, command);
  gatewayIdentityVerbs(cli, command);
  return command;
}

async function list({ client, out, options }: VerbContext<ListOptions>): Promise<undefined> {
  const { unwell } = options;
  const gateways = await client.gateways(unwell === undefined ? {} : { unwell });
  out.result(gateways, () =>
    out.table(
      ['ID', 'STATE', 'NODE', 'CHANNEL', 'ARCH', 'LAST SEEN', 'UNWELL'],
      gateways.map(({ id, state, nodeId, protocol, strategy, profile, lastSeenAt, troubles }) => [
        id,
        state,
        nodeId,
        `${protocol} ${strategy}`,
        profile.hardware.arch,
        instantText(lastSeenAt),
        troublesText(troubles),
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

async function decommission(
  { client, out, options }: VerbContext<DecommissionOptions>,
  id: string,
): Promise<ExitCode | undefined> {
  const { wipe, deadline = defaultWipeSeconds } = options;
  if (wipe !== true && options.deadline !== undefined) throw badUsage('--deadline belongs to --wipe.');
  if (wipe === true) {
    const order = await client.giveOrder({ action: 'wipe', gatewayIds: [id], deadlineSeconds: deadline });
    const [part] = await endedParts(client, order.id);
    if (part?.state !== 'succeeded') {
      const state = part?.state ?? 'lost';
      out.result({ decommissioned: null, wiped: false, state, error: part?.error ?? null }, () => {
        out.line(`${id} was not wiped (${state}) and is still in service`);
        if (part !== undefined && part.error !== null) out.line(printable(JSON.stringify(part.error)));
        out.line(`to take it out of service as it is: leonore gateway decommission ${id}`);
      });
      return ExitCode.Failed;
    }
  }
  await client.decommissionGateway(id);
  out.result({ decommissioned: id, ...(wipe === true ? { wiped: true } : {}) }, () =>
    out.line(`decommissioned ${id}${wipe === true ? ', which was wiped' : ''}`),
  );
  return undefined;
}

function drawGateway(out: Output, gateway: Gateway): void {
  const { hardware, software, labels: reported = {}, installed = [] } = gateway.profile;
  const { labels } = gateway;
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
    isolation:
      gateway.profile.state === undefined
        ? null
        : `${gateway.profile.state.isolation}, ${gateway.profile.state.limits ? 'with' : 'without'} limits of memory, processes and processor`,
    key: gateway.key,
    from: gateway.registeredFrom,
    'to enrol anew': gateway.readmitted ? 'readmitted' : null,
    labels: pairsText(labels),
    // What it says of itself and is not taken for a label.
    reported: pairsText(
      Object.fromEntries(Object.entries(reported).filter(([name, value]) => labels[name] !== value)),
    ),
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
  drawState(out, gateway);
}

/** The first, and how many there are besides. */
function troublesText([first, ...more]: readonly string[]): string {
  if (first === undefined) return '';
  return more.length === 0 ? first : `${first} (and ${more.length} more)`;
}

/** What became of what is installed; nothing of a gateway that does not tell. */
function drawState(out: Output, { profile: { state }, troubles }: Gateway): void {
  if (state === undefined) return;
  out.heading('Applications');
  out.table(
    ['NAME', 'UP', 'FOR', 'STARTED AGAIN', 'LAST EXIT', 'CHECK'],
    state.applications.map(({ name, up, sinceSeconds, restarts, lastExit, check }) => [
      name,
      up ? 'yes' : 'no',
      sinceSeconds === undefined ? '' : secondsText(sinceSeconds),
      String(restarts),
      lastExit ?? '',
      check ?? '',
    ]),
    'none is to run',
  );
  if (troubles.length === 0) return;
  out.heading('Not as it should be');
  for (const trouble of troubles) out.line(`  ${printable(trouble)}`);
}

function pairsText(pairs: Readonly<Record<string, string>>): string | null {
  return (
    Object.entries(pairs)
      .map(([key, value]) => `${key}=${value}`)
      .join(' ') || null
  );
}

function sizeText(free: number | undefined, total: number | undefined): string | null {
  if (total === undefined) return null;
  return free === undefined ? bytesText(total) : `${bytesText(free)} free of ${bytesText(total)}`;
}

function namesOf(components: readonly { name: string; version: string }[] = []): string | null {
  return components.map(({ name, version }) => `${name}@${version}`).join(' ') || null;
}
