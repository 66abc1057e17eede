/**
 * Gateways that join when all else is done: a wanted state keeps the controllers at the newest thermometer, so they are
 * staged without anybody asking for it.
 */
import type { LeonoreApi, WantedStateView } from '../api.js';
import type { Collector } from '../collector.js';
import { until } from '../until.js';
import type { BusyBoxFleet } from './busybox-agents.js';
import { checkReadings, type Check } from './checks.js';
import { demoLabels, realGateways, type RealGateway } from './demo-fleet.js';

const stagedWithinMs = 60_000;
const deployment = 'controllers';
/** The real gateways that have a probe, whenever they join. */
const select = `labels.site == "${demoLabels.site}" && labels.kind != "light-controller" && !labels.virtual && !labels.client`;

interface LateJoiners {
  readonly agents: readonly RealGateway[];
  readonly busyBox: BusyBoxFleet;
}

/** One gateway of each kind of agent: like the first of its kind. */
export function lateJoiners(busyBox: BusyBoxFleet): LateJoiners {
  const late = (gateways: readonly RealGateway[]): RealGateway[] =>
    gateways.slice(0, 1).map((gateway) => ({ ...gateway, id: `late-${gateway.id}`, hasLegacy: false }));
  return {
    agents: late(realGateways()),
    busyBox: 'reason' in busyBox ? busyBox : { ...busyBox, gateways: late(busyBox.gateways) },
  };
}

/** Ids of those that join late. */
export function lateIds({ agents, busyBox }: LateJoiners): string[] {
  return [...agents, ...busyBox.gateways].map(({ id }) => id);
}

/**
 * Has the controllers kept at a version, lets the late ones join, and waits until all have it and readings come of it.
 * @param join starts the agents of those that join late
 */
export async function stageLateJoiners(
  { api, collector }: { readonly api: LeonoreApi; readonly collector: Collector },
  version: string,
  { early, late }: { readonly early: number; readonly late: readonly string[] },
  join: () => Promise<unknown>,
): Promise<WantedStateView> {
  await api.createDeployment({ name: deployment, select });
  const id = await api.wantState({ requests: [`thermometer@^${version}`], deployment });
  const isHeld = async (gateways: number) => (await api.wantedState(id)).compliance.held === gateways;
  await until(() => isHeld(early), stagedWithinMs, 'the controllers are as wanted');
  await join();
  await until(() => isHeld(early + late.length), stagedWithinMs, 'who joined late is as wanted');
  const isPosting = () => late.every((gateway) => collector.gatewaysOf(version).has(gateway));
  await until(isPosting, stagedWithinMs, 'readings of who joined late');
  return api.wantedState(id);
}

/** What should have come of it. */
export function checkLateJoiners(
  wanted: WantedStateView,
  collector: Collector,
  version: string,
  { early, late }: { readonly early: number; readonly late: readonly string[] },
): Check[] {
  const { compliance, rollouts } = wanted;
  const started = rollouts.reduce((sum, { gateways }) => sum + gateways, 0);
  return [
    {
      name: `${late.join(' and ')} joined late and got thermometer ${version} by the wanted state, and nobody else did`,
      ok: compliance.held === early + late.length && started === late.length,
      detail: `as wanted: ${compliance.held}, brought there: ${started}`,
    },
    checkReadings(collector.readings(), version, late),
  ];
}
