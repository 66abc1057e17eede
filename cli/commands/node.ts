import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import type { LeonoreNode, NodePool } from '../../client/resources.js';
import { duration } from '../arguments.js';
import type { Cli, VerbContext } from '../cli.js';
import { ExitCode } from '../exit-code.js';
import { bytesText, instantText, type Output } from '../output.js';
import { counted } from '../../domain/units.js';

interface WaitOptions {
  readonly wait?: number;
}

const lookMs = 500;

/** `leonore node list | start | drain`: the nodes and their pool. */
export function nodeCommand(cli: Cli): Command {
  const command = new Command('node').description('LEONORE nodes');
  cli.serverVerb(command.command('list').description('list all nodes, and what each serves and uses'), list);
  cli.serverVerb(
    command
      .command('start')
      .description('have a further node launched')
      .option('--wait <time>', 'wait until it is active, such as 60s', duration),
    start,
  );
  cli.serverVerb(
    command
      .command('drain')
      .description('move what a node has to the others, then end it')
      .argument('<id>')
      .option('--wait <time>', 'wait until it has ended, such as 10m', duration),
    drain,
  );
  return command;
}

async function list({ client, out }: VerbContext<object>): Promise<undefined> {
  const { items, pool } = await client.nodesAndPool();
  out.result(items, () => {
    out.table(
      ['ID', 'STATE', 'GATEWAYS', 'DELIVERIES', 'CPU', 'MEMORY', 'QUEUE', 'ADDRESS', 'STARTED', 'NOTE'],
      items.map(rowOf),
      'no nodes',
    );
    out.line();
    out.line(poolText(pool));
  });
}

function rowOf(node: LeonoreNode): (string | number | null)[] {
  const { id, state, gatewayCount, deliveryCount, stats, address, startedAt } = node;
  const isUp = state === 'active' || state === 'draining';
  return [
    id,
    state,
    gatewayCount,
    deliveryCount,
    isUp && stats.cpuShare !== undefined ? `${Math.round(stats.cpuShare * 100)} %` : null,
    isUp && stats.rssBytes !== undefined ? bytesText(stats.rssBytes) : null,
    isUp ? (stats.queue ?? null) : null,
    address,
    state === 'launching' ? null : instantText(startedAt),
    noteOf(node),
  ];
}

function noteOf({ state, attempts, problem, origin }: LeonoreNode): string | null {
  if (state === 'launching' && attempts > 0)
    return `launch failed ${counted(attempts, 'time')}: ${problem ?? ''}`;
  return problem ?? (origin === 'own' ? null : `launched by ${origin}`);
}

function poolText({ strategy, threshold, minNodes, maxNodes, queued }: NodePool): string {
  const size =
    maxNodes === 0 ? 'no node is launched for need' : `${minNodes} to ${counted(maxNodes, 'node')}`;
  return `balancer ${strategy}, ${counted(threshold, 'gateway')} to a full node, ${size}; waiting: ${counted(queued, 'registration')}`;
}

async function start({ client, out, options }: VerbContext<WaitOptions>): Promise<ExitCode> {
  const node = await client.startNode();
  const now = await waitWhile(() => client.node(node.id), ['launching'], node, options.wait);
  return told(out, now, ['active'], options.wait);
}

async function drain({ client, out, options }: VerbContext<WaitOptions>, id: string): Promise<ExitCode> {
  const node = await client.drainNode(id);
  const now = await waitWhile(() => client.node(id), ['draining'], node, options.wait);
  return told(out, now, ['stopped'], options.wait);
}

async function waitWhile(
  look: () => Promise<LeonoreNode>,
  states: readonly string[],
  node: LeonoreNode,
  seconds = 0,
): Promise<LeonoreNode> {
  const endMs = Date.now() + seconds * 1_000;
  let now = node;
  while (states.includes(now.state) && Date.now() < endMs) {
    await delay(lookMs);
    now = await look();
  }
  return now;
}

/** What it came to: a wait that ended before its time is a failure. */
function told(out: Output, node: LeonoreNode, wanted: readonly string[], wait?: number): ExitCode {
  out.result(node, () =>
    out.line(`${node.id} is ${node.state}${node.problem === null ? '' : `: ${node.problem}`}`),
  );
  return wait === undefined || wanted.includes(node.state) ? ExitCode.Done : ExitCode.Failed;
}
