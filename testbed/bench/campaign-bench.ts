/** What a campaign in ten phases leaves in Temporal, a gateway. */
import type { Cleanups } from '../cleanups.js';
import { Experiment } from '../experiment/experiment.js';
import { experimentDefaults, type ExperimentOptions } from '../experiment/options.js';
import type { Phases } from '../terminal.js';
import { atMost, fact, type Figure } from './figure.js';

interface CampaignCase {
  readonly gateways: number;
  readonly nodes: number;
  readonly timeoutMs: number;
  /** Goal; null where what each phase costs whatever its size weighs more than the gateways. */
  readonly eventsPerGateway: number | null;
}

export const smallCampaign: CampaignCase = {
  gateways: 5_000,
  nodes: 2,
  timeoutMs: 15 * 60_000,
  eventsPerGateway: null,
};
export const largeCampaign: CampaignCase = {
  gateways: 100_000,
  nodes: 4,
  timeoutMs: 90 * 60_000,
  eventsPerGateway: 0.2,
};

/** Of equal size; the last is what the others leave. */
const phaseCount = 10;
/** From where on Temporal suggests that a history is begun anew. */
const longestEvents = 4_096;

export async function campaignFigures(
  { gateways, nodes, timeoutMs, eventsPerGateway }: CampaignCase,
  cleanups: Cleanups,
  phases: Phases,
): Promise<Figure[]> {
  const options: ExperimentOptions = {
    ...experimentDefaults,
    nodes,
    timeoutMs,
    // Push gateways ask ten times more seldom than others: here each half hour.
    env: { LEONORE_POLL_SECONDS: '180' },
  };
  const experiment = await Experiment.start(options, cleanups, phases);
  await experiment.growTo(gateways);
  const { view, seconds, histories } = await experiment.runCampaign({
    phases: Array.from({ length: phaseCount - 1 }, () => ({ percent: 100 / phaseCount })),
    errorBudget: { share: 0, onBreach: 'stop' },
  });
  const succeeded = view.phases.reduce((sum, phase) => sum + phase.succeeded, 0);
  const of = `svm by push, level protocol, ${nodes} nodes, ${gateways} gateways in ${view.phases.length} phases`;
  const name = `campaign_${gateways}`;
  const events = [
    `${name}_history_events`,
    histories.events / gateways,
    'events/gateway',
    `${of}: ${histories.workflows.length} workflow runs, the campaign's own among them`,
  ] as const;
  return [
    atMost(0, `${name}_not_succeeded`, gateways - succeeded, 'gateways', `${of}: ${view.state}`),
    fact(`${name}_time`, seconds, 's', `${of}, without gates`),
    eventsPerGateway === null ? fact(...events) : atMost(eventsPerGateway, ...events),
    atMost(longestEvents, `${name}_longest_history`, histories.longestEvents, 'events', of),
    fact(`${name}_largest_payload`, histories.largestPayloadBytes, 'bytes', of),
  ];
}
