import { Command, Option } from 'commander';
import type { GatewaySort } from '../../client/requests.js';
import type { Gateway, GatewayDelivery, GatewayDetail, GatewayEvent } from '../../client/resources.js';
import { duration } from '../arguments.js';
import { badUsage } from '../bad-usage.js';
import type { Cli, VerbContext } from '../cli.js';
import { addConfirmation } from '../confirm.js';
import { ExitCode } from '../exit-code.js';
import { gatewayIdentityVerbs } from './gateway-identity.js';
import { drawValues, gatewayValueVerbs } from './gateway-values.js';
import { endedParts } from './order.js';
import { addGatewayFilter, gatewayFilterOf, type GatewayFilterOptions } from '../gateway-filter.js';
import { bytesText, instantText, printable, secondsText, type Output } from '../output.js';

type Context = VerbContext<object>;

interface ListOptions extends GatewayFilterOptions {
  readonly sort?: GatewaySort;
}

const sorts: readonly GatewaySort[] = ['id', '-id', 'lastSeen', '-lastSeen', 'registered', '-registered'];
/** Of what happened to a gateway, and of its deliveries, what is shown; `--json` has more. */
const shownDeliveries = 10;
const shownEvents = 30;

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
    addGatewayFilter(
      command.command('list').description('list gateways: all, or those that are asked for'),
    ).addOption(
      new Option('--sort <by>', 'id (default), lastSeen or registered; with - the other way round').choices(
        sorts,
      ),
    ),
    list,
  );
  cli.serverVerb(
    command
      .command('show')
      .description(
        'show a gateway: its profile, what is installed and up, its values, deliveries and history',
      )
      .argument('<id>'),
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
    addConfirmation(
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
    ),
    decommission,
  );
  gatewayValueVerbs(cli, command);
  gatewayIdentityVerbs(cli, command);
  return command;
}

async function list({ client, out, options }: VerbContext<ListOptions>): Promise<undefined> {
  const { sort } = options;
  const gateways = await client.gateways({
    ...gatewayFilterOf(options),
    ...(sort === undefined ? {} : { sort }),
  });
  out.result(gateways, () =>
    out.table(
      ['ID', 'STATE', 'NODE', 'CHANNEL', 'ARCH', 'LABELS', 'INSTALLED', 'LAST SEEN', 'UNWELL'],
      gateways.map(
        ({ id, conditions, nodeId, protocol, strategy, profile, labels, lastSeenAt, troubles }) => [
          id,
          conditions.join(', '),
          nodeId,
          `${protocol} ${strategy}`,
          profile.hardware.arch,
          pairsText(labels),
          requestedText(profile.installed),
          instantText(lastSeenAt),
          troublesText(troubles),
        ],
      ),
      'no gateways',
    ),
  );
}

async function show({ client, out }: Context, id: string): Promise<undefined> {
  const gateway = await client.gateway(id);
  const [values, deliveries, history] = await Promise.all([
    client.gatewayValues(id),
    client.gatewayDeliveries(id, shownDeliveries),
    client.gatewayHistory(id),
  ]);
  out.result({ ...gateway, values, deliveries, history }, () => {
    drawGateway(out, gateway);
    out.heading('Values');
    drawValues(out, values);
    drawDeliveries(out, deliveries);
    drawHistory(out, history);
  });
}

async function requestProfile({ client, out }: Context, id: string): Promise<undefined> {
  await client.requestProfile(id);
  out.result({ requested: id }, () => out.line(`asked ${id} for its profile`));
}

async function decommission(
  { client, out, options, confirm }: VerbContext<DecommissionOptions>,
  id: string,
): Promise<ExitCode | undefined> {
  const { wipe, deadline = defaultWipeSeconds } = options;
  if (wipe !== true && options.deadline !== undefined) throw badUsage('--deadline belongs to --wipe.');
  await confirm(`${wipe === true ? 'wipe and decommission' : 'decommission'} ${id}`);
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

function drawGateway(out: Output, gateway: GatewayDetail): void {
  const { hardware, software, labels: reported = {}, installed = [] } = gateway.profile;
  const { labels } = gateway;
  out.facts({
    id: gateway.id,
    name: gateway.profile.name,
    state: gateway.conditions.join(', '),
    node: gateway.nodeId,
    channel: `${gateway.protocol} ${gateway.strategy}: ${gateway.channelReason}`,
    'else by': gateway.fallbacks.length === 0 ? null : gateway.fallbacks.join(', '),
    'away since': gateway.awaySince === null ? null : instantText(gateway.awaySince),
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
    ['NAME', 'VERSION', 'SINCE', 'SIZE', 'ASKED FOR'],
    installed.map(({ name, version, installedSize, requested }) => [
      name,
      version,
      sinceText(gateway.installedSince[`${name}@${version}`]),
      installedSize === undefined ? '' : bytesText(installedSize),
      requested === true ? 'yes' : '',
    ]),
    'nothing',
  );
  drawState(out, gateway);
}

function drawDeliveries(out: Output, deliveries: readonly GatewayDelivery[]): void {
  out.heading('Deliveries');
  out.table(
    ['ROLLOUT', 'WHAT', 'STATE', 'BY', 'STARTED', 'WHY'],
    deliveries.map(({ rollout, action, artifact, requests, state, createdBy, createdAt, failure }) => [
      rollout,
      `${action} ${artifact ?? requests.join(' ')}`,
      state,
      createdBy,
      instantText(createdAt),
      failure,
    ]),
    'none',
  );
}

function drawHistory(out: Output, history: readonly GatewayEvent[]): void {
  out.heading('History');
  out.table(
    ['WHEN', 'WHAT', 'BY'],
    history.slice(-shownEvents).map(({ at, what, by }) => [instantText(at), what, by]),
    'none',
  );
}

function sinceText(instant: string | undefined): string {
  return instant === undefined ? '' : instantText(instant);
}

/** What was asked for; the rest came with it. */
function requestedText(installed: Gateway['profile']['installed'] = []): string {
  return installed
    .filter(({ requested }) => requested === true)
    .map(({ name, version }) => `${name}@${version}`)
    .join(' ');
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
