/**
 * How a gateway stands to a wanted state: judged from what it has, what other wanted states ask of it, and what came of
 * the last rollout that was to bring it there. Pure: told the same, it says the same.
 */
import type { DeliveryState } from '../delivery/state.js';
import { commonDemand, isIn, meets, requestOf, type Demand } from './ranges.js';

/**
 * held      it is as it should be
 * drifted   it is not, and will be brought there
 * moving    a rollout is bringing it there
 * cannot    it cannot be brought there, for a reason that lasts until something changes
 * silent    nothing is heard of it
 * conflict  two wanted states contradict each other on it
 */
export const standings = ['held', 'drifted', 'moving', 'cannot', 'silent', 'conflict'] as const;
export type StandingName = (typeof standings)[number];

export interface Standing {
  readonly standing: StandingName;
  /** In words; null when it is held as a matter of course. */
  readonly reason: string | null;
  /** `NAME@RANGE` that it is to be given; empty when there is nothing to do. */
  readonly target: readonly string[];
  /** `name@version` with which a rollout succeeded, where that is not the newest that counts. */
  readonly settled: readonly string[];
  readonly basis: string;
  /** Rollouts in a row that did not bring it there. */
  readonly attempts: number;
  /** When it is due for a rollout, in milliseconds since 1970; null when it is not. */
  readonly dueAtMs: number | null;
}

export interface StandingBefore extends Standing {
  readonly changedAtMs: number;
}

/** What a gateway is and has. */
export interface WantedGateway {
  readonly installed: readonly { readonly name: string; readonly version: string }[];
  /** Names of artifacts whose files are not what their package brought. */
  readonly damaged: readonly string[];
  readonly lastSeenAtMs: number;
  /** Names everything besides what is installed that decides whether it can be brought there. */
  readonly basis: string;
}

/** What came of the rollout that it was last given to. */
export interface Attempt {
  readonly state: DeliveryState;
  /** Null while it has not ended. */
  readonly endedAtMs: number | null;
  /** Why it ended badly, in words. */
  readonly reason: string | null;
}

export interface WantedOf {
  /** As people know it: part of the reason of a conflict. */
  readonly title: string;
  readonly demands: readonly Demand[];
}

export interface Case {
  readonly wanted: WantedOf;
  /** Other wanted states that hold for the gateway. */
  readonly others: readonly WantedOf[];
  readonly gateway: WantedGateway;
  /** How it stood before; null for one that nobody has looked at. */
  readonly before: StandingBefore | null;
  readonly attempt: Attempt | null;
  /** A campaign brings what is wanted, and nothing else is started before that has ended. */
  readonly isHeldBack: boolean;
  readonly nowMs: number;
  /** From 0 to 1: how much later than need be what failed is tried again, so that many do not come at once. */
  readonly jitter: number;
}

const minuteMs = 60_000;
/** A gateway that nothing was heard of for so long is silent: those that are switched off over night are not. */
export const silentAfterMs = 24 * 60 * minuteMs;
/** Rollouts in a row that may fail, and the times between them. */
export const retries = { most: 5, firstMs: minuteMs, factor: 4, jitter: 0.2 } as const;
/** What was withdrawn, or replaced by newer work, is looked at again after so long. */
const withdrawnMs = 10 * minuteMs;
/** What was held for so long begins anew when it drifts. */
const forgetMs = 60 * minuteMs;

export function judge(input: Case): Standing {
  const { wanted, others, gateway, before, attempt, isHeldBack, nowMs } = input;
  const sameBasis = before?.basis === gateway.basis;
  const common = {
    target: [],
    settled: [],
    basis: gateway.basis,
    attempts: sameBasis ? before.attempts : 0,
    dueAtMs: null,
  };
  const conflict = conflictOf(wanted, others);
  if (conflict !== null) return { ...common, standing: 'conflict', reason: conflict };
  const demands = wanted.demands.map((demand) => combined(demand, others));
  const target = demands.map(requestOf);
  const wrong = demands.flatMap((demand) => wrongWith(demand, gateway));
  return wrong.length === 0 ? asItShouldBe() : notAsItShouldBe();

  function asItShouldBe(): Standing {
    if (isSilent(gateway, nowMs)) return { ...common, standing: 'silent', reason: silence(gateway) };
    return damagedOf(demands, gateway) ?? heldAsIs();
  }

  function notAsItShouldBe(): Standing {
    if (before?.standing === 'moving' && attempt !== null && attempt.endedAtMs === null)
      return { ...before, reason: wrong.join('; '), basis: gateway.basis };
    if (isSilent(gateway, nowMs) || isLost(attempt, before, gateway))
      return { ...common, standing: 'silent', reason: silence(gateway) };
    const has = versionsOf(demands, gateway);
    if (before?.standing === 'moving' && attempt !== null) return afterAttempt(attempt, before, has);
    const kept = before !== null && sameBasis ? asBefore(before, has) : null;
    return kept ?? drifted(wrong.join('; '), nowMs + restMs(), settledDown() ? 0 : common.attempts);
  }

  /** How it stood, where nothing has changed that this hangs on. */
  function asBefore(last: StandingBefore, has: readonly string[]): Standing | null {
    switch (last.standing) {
      case 'held':
        return has.length > 0 && last.settled.join() === has.join() ? last : null;
      case 'cannot':
        return last.target.join() === target.join() ? last : null;
      case 'drifted':
        if (last.dueAtMs === null) return null;
        // Why the last rollout did not bring it there is worth more than what differs, which is seen anyway.
        return { ...last, target, reason: last.attempts > 0 ? last.reason : wrong.join('; ') };
      case 'moving':
      case 'silent':
      case 'conflict':
        return null;
    }
  }

  function heldAsIs(): Standing {
    const settled = before?.standing === 'held' && sameBasis ? before.settled : [];
    // What brought it there counts as well: what drifts again and again is brought back less and less often.
    const brought = before?.standing === 'moving' ? 1 : 0;
    return { ...common, standing: 'held', reason: null, settled, attempts: common.attempts + brought };
  }

  function damagedOf(of: readonly Demand[], { damaged }: WantedGateway): Standing | null {
    const names = of.map(({ name }) => name).filter((name) => damaged.includes(name));
    if (names.length === 0) return null;
    // A plan would find everything installed: the gateway itself asks for the package again.
    const reason = `files of ${names.join(', ')} are damaged; the gateway asks for the package again`;
    return { ...common, standing: 'drifted', reason };
  }

  function drifted(reason: string, dueAtMs: number, attempts: number): Standing {
    const stands = { ...common, standing: 'drifted', target, attempts } as const;
    if (isHeldBack)
      return { ...stands, reason: `${wrong.join('; ')}; a campaign comes first`, dueAtMs: null };
    return { ...stands, reason, dueAtMs };
  }

  /** It has been as it should be for a while: what went before does not count. */
  function settledDown(): boolean {
    return before?.standing === 'held' && nowMs - before.changedAtMs >= forgetMs;
  }

  /** The first time it is brought back at once. */
  function restMs(): number {
    return before?.standing === 'held' && !settledDown() && common.attempts > 1
      ? delayMs(common.attempts - 1)
      : 0;
  }

  function delayMs(attempts: number): number {
    const { firstMs, factor, jitter } = retries;
    return firstMs * factor ** (Math.min(attempts, retries.most) - 1) * (1 + jitter * input.jitter);
  }

  function afterAttempt({ state, reason }: Attempt, last: Standing, has: readonly string[]): Standing {
    const tried = (sameBasis ? last.attempts : 0) + 1;
    const all = demands.every(({ name, range }) =>
      gateway.installed.some((artifact) => artifact.name === name && isIn(artifact.version, range)),
    );
    switch (state) {
      case 'succeeded':
        if (all)
          return {
            ...common,
            standing: 'held',
            reason: `the newest that fits: ${wrong.join('; ')}`,
            settled: has,
          };
        break;
      case 'incompatible':
        // Nothing changes by itself: it is tried again when something else does.
        return sameBasis
          ? { ...common, standing: 'cannot', reason: reason ?? 'no plan fits the gateway', target }
          : drifted(wrong.join('; '), nowMs, 0);
      case 'cancelled':
      case 'superseded':
        return drifted(reason ?? `the rollout was ${state}`, nowMs + withdrawnMs, common.attempts);
      case 'lost':
        // It was heard of since.
        return drifted(wrong.join('; '), nowMs, common.attempts);
      case 'failed':
      case 'pending':
      case 'offered':
      case 'downloading':
      case 'installing':
    }
    const why = reason ?? `a rollout ended ${state}, and ${wrong.join('; ')}`;
    return tried >= retries.most
      ? { ...common, standing: 'cannot', reason: why, target, attempts: tried }
      : drifted(why, nowMs + delayMs(tried), tried);
  }
}

/** Why two wanted states cannot both hold on a gateway; null when they can. */
export function conflictOf(wanted: WantedOf, others: readonly WantedOf[]): string | null {
  for (const demand of wanted.demands) {
    for (const other of others) {
      for (const theirs of other.demands) {
        if (theirs.name !== demand.name || commonDemand([demand, theirs]) !== null) continue;
        return `${other.title} asks for ${theirs.name}@${theirs.range}, which contradicts ${demand.range}`;
      }
    }
  }
  const names = new Set(wanted.demands.map(({ name }) => name));
  for (const name of names) {
    const all = [wanted, ...others].flatMap(({ demands }) =>
      demands.filter((demand) => demand.name === name),
    );
    const [first, ...rest] = all;
    if (first !== undefined && commonDemand([first, ...rest]) === null)
      return `no version of ${name} is in the ranges of all wanted states: ${all.map(({ range }) => range).join(', ')}`;
  }
  return null;
}

function combined(demand: Demand, others: readonly WantedOf[]): Demand {
  const theirs = others.flatMap(({ demands }) => demands.filter(({ name }) => name === demand.name));
  return commonDemand([demand, ...theirs]) ?? demand;
}

function wrongWith(demand: Demand, { installed }: WantedGateway): string[] {
  const { name, range, version } = demand;
  const has = installed.find((artifact) => artifact.name === name);
  if (has === undefined) return [`${name} is not installed`];
  if (meets(has.version, demand)) return [];
  return isIn(has.version, range)
    ? [`${name} is ${has.version}, and ${version} is wanted`]
    : [`${name} is ${has.version}, which is not in ${range}`];
}

function versionsOf(demands: readonly Demand[], { installed }: WantedGateway): string[] {
  return demands.flatMap(({ name }) =>
    installed.filter((artifact) => artifact.name === name).map(({ version }) => `${name}@${version}`),
  );
}

function isSilent({ lastSeenAtMs }: WantedGateway, nowMs: number): boolean {
  return nowMs - lastSeenAtMs > silentAfterMs;
}

/** It let the deadline of a rollout pass, and was not heard of since. */
function isLost(attempt: Attempt | null, before: Standing | null, { lastSeenAtMs }: WantedGateway): boolean {
  if (attempt?.state !== 'lost' || attempt.endedAtMs === null) return false;
  return (
    (before?.standing === 'moving' || before?.standing === 'silent') && lastSeenAtMs <= attempt.endedAtMs
  );
}

function silence({ lastSeenAtMs }: WantedGateway): string {
  return `last heard of at ${new Date(lastSeenAtMs).toISOString()}`;
}
