import type { SwitchWindow } from '../domain/agent-protocol/messages.js';
import { campaignDeadlineMs } from '../domain/campaign/decide.js';
import type { PhaseWindow } from '../domain/campaign/facts.js';
import { strategyInForce, type Windows } from '../domain/campaign/strategy.js';
import {
  openIntervals,
  phaseWindow,
  requireWindows,
  switchWindows,
  zoneOf,
  type Interval,
} from '../domain/campaign/windows.js';
import type { Campaign } from '../repositories/campaign-repository.js';
import type { WindowsOfLabel } from '../repositories/campaign-work-repository.js';
import type { Repositories } from '../repositories/repositories.js';

type Dated = Pick<Campaign, 'id' | 'strategy' | 'createdAt'>;

/** Values of a label that names a gateway's zone; null: it has none. */
type LabelValues = Iterable<string | null>;

/**
 * The windows of each phase's gateways, over all their zones, from a moment on.
 * @returns a function of the phase, which answers null when the strategy in force has no windows
 */
export async function windowsOfPhases(
  { campaignFacts }: Pick<Repositories, 'campaignFacts'>,
  campaign: Dated,
  nowMs: number,
): Promise<(phase: number) => PhaseWindow | null> {
  const { windows } = strategyInForce(campaign.strategy);
  if (windows === undefined) return () => null;
  const within = untilDeadline(campaign, nowMs);
  const { zoneLabel } = windows;
  const values = zoneLabel === undefined ? null : await campaignFacts.labelValues(campaign.id, zoneLabel);
  const known = new Map<string, Interval | undefined>();
  const nextOf = (zone: string): Interval | undefined => {
    if (!known.has(zone)) known.set(zone, openIntervals(windows, zone, within, 1)[0]);
    return known.get(zone);
  };
  return (phase) => {
    const zones = zonesOf(windows, values === null ? [null] : (values.get(phase) ?? []));
    return phaseWindow(windows, zones, within, nextOf);
  };
}

/**
 * What gateways that are given work now are told, by what their label says; under '' for all others.
 * @returns null when the strategy in force has no windows
 */
export async function windowsOfWork(
  { campaignFacts }: Pick<Repositories, 'campaignFacts'>,
  campaign: Dated,
): Promise<WindowsOfLabel | null> {
  const { windows } = strategyInForce(campaign.strategy);
  if (windows === undefined) return null;
  const within = untilDeadline(campaign, await campaignFacts.nowMs());
  const { zoneLabel } = windows;
  const byValue = new Map<string, readonly SwitchWindow[]>();
  byValue.set('', switchWindows(windows, zoneOf(windows, {}).zone, within));
  if (zoneLabel === undefined) return { label: '', byValue };
  for (const value of [...(await campaignFacts.labelValues(campaign.id, zoneLabel)).values()].flat()) {
    if (value === null || byValue.has(value)) continue;
    const { zone, unknown } = zoneOf(windows, { [zoneLabel]: value });
    if (unknown === undefined) byValue.set(value, switchWindows(windows, zone, within));
  }
  return { label: zoneLabel, byValue };
}

/**
 * That a window opens in the zone of each gateway before the campaign's deadline, were it to begin now.
 * @throws LeonoreError WINDOW_NEVER_OPENS
 */
export async function requireOpenWindows(
  { members, campaignFacts }: Pick<Repositories, 'members' | 'campaignFacts'>,
  { strategy, target }: Pick<Campaign, 'strategy' | 'target'>,
): Promise<void> {
  const { windows } = strategyInForce(strategy);
  if (windows === undefined) return;
  const nowMs = await campaignFacts.nowMs();
  const { zoneLabel } = windows;
  const values = zoneLabel === undefined ? [null] : await members.labelValues(target, zoneLabel);
  const within = { fromMs: nowMs, toMs: campaignDeadlineMs(strategy, nowMs) };
  requireWindows(windows, zonesOf(windows, values), within);
}

function untilDeadline({ strategy, createdAt }: Dated, nowMs: number): Interval {
  return { fromMs: nowMs, toMs: campaignDeadlineMs(strategy, createdAt.getTime()) };
}

function zonesOf(windows: Windows, values: LabelValues): Set<string> {
  const { zoneLabel } = windows;
  const labelled = (value: string | null) =>
    zoneLabel === undefined || value === null ? {} : { [zoneLabel]: value };
  return new Set([...values].map((value) => zoneOf(windows, labelled(value)).zone));
}
