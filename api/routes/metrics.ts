import type { FastifyInstance } from 'fastify';
import { contestedWithinHours } from '../../domain/gateway/condition.js';
import type { LeonoreNode } from '../../repositories/node-repository.js';
import type { WebhookBacklog } from '../../repositories/webhook-repository.js';
import type { RouteOptions } from '../context.js';

interface Metric {
  readonly name: string;
  readonly help: string;
  /** Undefined where the node has not said it. */
  readonly value: (node: LeonoreNode) => number | undefined;
}

const metrics: readonly Metric[] = [
  { name: 'leonore_node_gateways', help: 'Gateways of the node', value: (node) => node.gatewayCount },
  {
    name: 'leonore_node_deliveries',
    help: 'Unfinished deliveries of its gateways',
    value: (node) => node.deliveryCount,
  },
  {
    name: 'leonore_node_cpu_share',
    help: 'Share of all processors of its machine, 0 to 1',
    value: (node) => numberOf(node, 'cpuShare'),
  },
  {
    name: 'leonore_node_memory_bytes',
    help: 'Resident memory of its process',
    value: (node) => numberOf(node, 'rssBytes'),
  },
  {
    name: 'leonore_node_queue',
    help: 'Requests of gateways that wait to be answered',
    value: (node) => numberOf(node, 'queue'),
  },
  {
    name: 'leonore_node_activities',
    help: 'Activities under way',
    value: (node) => numberOf(node, 'activities'),
  },
];

/**
 * GET /metrics: nodes, pool, what was mended and what webhooks were not told, in the text format of Prometheus; needs a token
 * with the role viewer.
 */
export async function metricsRoutes(app: FastifyInstance, { context }: RouteOptions): Promise<void> {
  const { repositories } = context;
  app.get('/metrics', { schema: { hide: true }, config: { role: 'viewer' } }, async (_request, reply) => {
    const [nodes, queued, mends, contested, backlog] = await Promise.all([
      repositories.nodes.list(),
      repositories.pool.queueLength(),
      repositories.rollouts.mends(),
      repositories.contests.contestedGateways(contestedWithinHours),
      repositories.webhooks.backlog(),
    ]);
    return reply
      .type('text/plain; version=0.0.4; charset=utf-8')
      .send(
        [
          ...metrics.flatMap((metric) => linesOf(metric, nodes)),
          ...poolLines(nodes, queued),
          ...mendLines(mends),
          ...contestLines(contested),
          ...webhookLines(backlog),
          '',
        ].join('\n'),
      );
  });
}

/** Ids of nodes are lower case letters, digits and hyphens, so nothing has to be escaped. */
function linesOf({ name, help, value }: Metric, nodes: readonly LeonoreNode[]): string[] {
  const samples = nodes
    .filter(({ state }) => state === 'active' || state === 'draining')
    .flatMap((node) => {
      const sample = value(node);
      return sample === undefined ? [] : [`${name}{node="${node.id}",state="${node.state}"} ${sample}`];
    });
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...samples];
}

function poolLines(nodes: readonly LeonoreNode[], queued: number): string[] {
  const byState = new Map<string, number>();
  for (const { state } of nodes) byState.set(state, (byState.get(state) ?? 0) + 1);
  return [
    '# HELP leonore_nodes Nodes by state',
    '# TYPE leonore_nodes gauge',
    ...[...byState].map(([state, count]) => `leonore_nodes{state="${state}"} ${count}`),
    '# HELP leonore_registrations_queued Registrations that wait for a node',
    '# TYPE leonore_registrations_queued gauge',
    `leonore_registrations_queued ${queued}`,
  ];
}

function mendLines(mends: number): string[] {
  return [
    '# HELP leonore_mends_total Times that database and Temporal had parted and were brought together',
    '# TYPE leonore_mends_total counter',
    `leonore_mends_total ${mends}`,
  ];
}

function contestLines(contested: number): string[] {
  return [
    `# HELP leonore_gateways_contested Gateways under whose ids somebody else came within ${contestedWithinHours} hours`,
    '# TYPE leonore_gateways_contested gauge',
    `leonore_gateways_contested ${contested}`,
  ];
}

function webhookLines({ waiting, dead, dropped, longestWaitSeconds, gone }: WebhookBacklog): string[] {
  return [
    '# HELP leonore_webhook_deliveries What webhooks were not told: what waits, and what was given up',
    '# TYPE leonore_webhook_deliveries gauge',
    `leonore_webhook_deliveries{state="waiting"} ${waiting}`,
    `leonore_webhook_deliveries{state="dead"} ${dead}`,
    '# HELP leonore_webhook_deliveries_dropped Deliveries that went unmade because there were too many',
    '# TYPE leonore_webhook_deliveries_dropped gauge',
    `leonore_webhook_deliveries_dropped ${dropped}`,
    '# HELP leonore_webhook_longest_wait_seconds For how long the oldest delivery that is not made yet has waited',
    '# TYPE leonore_webhook_longest_wait_seconds gauge',
    `leonore_webhook_longest_wait_seconds ${longestWaitSeconds}`,
    '# HELP leonore_webhooks_gone Webhooks whose receivers answered that they are no more',
    '# TYPE leonore_webhooks_gone gauge',
    `leonore_webhooks_gone ${gone}`,
  ];
}

function numberOf({ stats }: LeonoreNode, key: string): number | undefined {
  const value = stats[key];
  return typeof value === 'number' ? value : undefined;
}
