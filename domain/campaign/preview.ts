/**
 * What a campaign would do, before it is started. Phases are chosen, windows computed and every step decided by what the real
 * one uses; only time, and that every gateway succeeds, is supposed.
 */
import type { Labels } from '../gateway/labels.js';
import { choosePhases } from './choose-phases.js';
import { campaignDeadlineMs } from './decide.js';
import {
  Forecast,
  forecastMembers,
  ForecastWindows,
  type ForecastInput,
  type ForecastMember,
} from './forecast.js';
import { gateOf, strategyInForce, type Strategy } from './strategy.js';
import { openIntervals, zoneOf, type Interval } from './windows.js';
import { counted } from '../units.js';

export interface PreviewGateway {
  readonly id: string;
  readonly labels: Labels;
  /** When it was heard of last, in ms since 1970; null: never. */
  readonly heardAtMs: number | null;
}

/** The campaign that is started must have the same id to choose the same gateways; the time of a delivery is as measured. */
export interface PreviewInput extends ForecastInput {
  readonly gateways: readonly PreviewGateway[];
  /** Ids that the selector of a phase matches, for the phases that have one. */
  readonly selects: ReadonlyMap<number, ReadonlySet<string>>;
}

export interface PreviewZone {
  readonly zone: string;
  readonly gateways: number;
  /** The next window from now on. */
  readonly opensAtMs: number;
  readonly closesAtMs: number;
}

export interface PreviewPhase {
  readonly name: string;
  readonly gatewayIds: readonly string[];
  /** Empty without windows. */
  readonly zones: readonly PreviewZone[];
  /** When its first gateways begin, and its last end; null: not before the deadline. */
  readonly beginsAtMs: number | null;
  readonly endsAtMs: number | null;
  /** Role of who has to approve it; the forecast supposes that it is given at once. */
  readonly approval: string | null;
}

/** What somebody should look at before a campaign begins. */
export const previewRiskKinds = [
  'silent',
  'unknown-zone',
  'deadline',
  'downgrade',
  'removal',
  'no-plan',
  'lacking-values',
] as const;

export interface PreviewRisk {
  readonly kind: (typeof previewRiskKinds)[number];
  /** For people: what, and how many. */
  readonly text: string;
  /** The first of those that it is about. */
  readonly sample: readonly string[];
}

export interface Preview {
  readonly phases: readonly PreviewPhase[];
  readonly endsAtMs: number;
  readonly risks: readonly PreviewRisk[];
}

const weekMs = 7 * 24 * 3_600_000;
/** Gateways named for each risk. */
const sampleSize = 5;

/**
 * Previews a campaign.
 * @throws LeonoreError EMPTY_DEPLOYMENT, STRATEGY_INVALID, WINDOW_NEVER_OPENS: what its start would be refused with
 */
export function previewCampaign(input: PreviewInput): Preview {
  const strategy = strategyInForce(input.strategy);
  const { nowMs, gateways, campaignId, selects } = input;
  const within = { fromMs: nowMs, toMs: campaignDeadlineMs(strategy, nowMs) };
  const ids = gateways.map(({ id }) => id);
  const chosen = choosePhases(strategy, campaignId, ids, selects);
  const byId = new Map(gateways.map((gateway) => [gateway.id, gateway]));
  const windows = new ForecastWindows(strategy, within);
  const phases = forecastMembers(strategy, windows, chosen, (id) => byId.get(id)?.labels ?? {});
  const forecast = new Forecast(input, phases, windows);
  const endsAtMs = forecast.run();
  return {
    phases: phases.map(({ name, members }, index) => ({
      name,
      gatewayIds: members.map(({ id }) => id),
      zones: zonesOf(members, strategy, within),
      ...forecast.timesOf(index),
      approval: gateOf(strategy, index)?.approval?.role ?? null,
    })),
    endsAtMs,
    risks: risksOf(input, strategy, forecast.left(), within),
  };
}

function risksOf(
  { gateways, nowMs }: PreviewInput,
  { windows }: Strategy,
  unserved: readonly string[],
  { toMs }: Interval,
): PreviewRisk[] {
  const silent = gateways.filter(({ heardAtMs }) => heardAtMs === null || nowMs - heardAtMs > weekMs);
  const astray =
    windows === undefined
      ? []
      : gateways.filter(({ labels }) => zoneOf(windows, labels).unknown !== undefined);
  return [
    ...previewRisk(
      'silent',
      silent.map(({ id }) => id),
      'not heard of for a week or more',
    ),
    ...previewRisk(
      'unknown-zone',
      astray.map(({ id }) => id),
      'with a label that names no time zone: the stated one counts',
    ),
    ...previewRisk('deadline', unserved, `not served before the deadline, ${new Date(toMs).toISOString()}`),
  ];
}

/** Something to look at, and the gateways that it is about; nothing where there are none. */
export function previewRisk(kind: PreviewRisk['kind'], of: readonly string[], what: string): PreviewRisk[] {
  return of.length === 0
    ? []
    : [
        {
          kind,
          text: `${counted(of.length, 'gateway')} ${what}`,
          sample: of.slice(0, sampleSize),
        },
      ];
}

function zonesOf(members: readonly ForecastMember[], { windows }: Strategy, within: Interval): PreviewZone[] {
  if (windows === undefined) return [];
  const counts = new Map<string, number>();
  for (const { zone } of members) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  return [...counts].flatMap(([zone, gateways]) => {
    const [next] = openIntervals(windows, zone, within, 1);
    return next === undefined ? [] : [{ zone, gateways, opensAtMs: next.fromMs, closesAtMs: next.toMs }];
  });
}
