/** What became of what is installed, as the profile tells it. */
import { isolationFacts } from '../../domain/gateway/isolation.js';
import type { Component, GatewayState } from '../../domain/gateway/profile.js';
import type { Container } from '../container/container.js';
import { isToRun, promisedTree } from '../container/generation.js';
import type { Supervisor } from '../container/supervisor.js';
import type { Launcher } from '../isolation/launcher.js';
import type { GatewayTrust } from '../trust/gateway-trust.js';

/** A profile is kept as one row: how an application ended is cut to this many characters. */
const textLength = 200;

export interface StateSources {
  readonly container: Container;
  readonly supervisor: Supervisor;
  readonly launcher: Launcher;
  readonly digest: string;
  readonly damaged: readonly string[];
  readonly trees: Readonly<Record<string, string>>;
}

export function stateFacts(sources: StateSources): GatewayState {
  const { container, supervisor, launcher, digest, damaged, trees } = sources;

  const states = supervisor.states;
  return {
    isolation: launcher.level,
    limits: launcher.limits,
    digest,
    applications: container.current.artifacts.filter(isToRun).map(({ artifact: { name } }) => {
      const state = states.get(name);
      return {
        name,
        up: state?.isUp ?? false,
        restarts: state?.restarts ?? 0,
        ...(state?.lastExit === undefined ? {} : { lastExit: state.lastExit.slice(0, textLength) }),
        ...(state?.check === undefined ? {} : { check: state.check.slice(0, textLength) }),
        sinceSeconds: Math.round((state?.sinceMs ?? 0) / 1_000),
      };
    }),
    damaged: [...damaged],
    // What came since the last verification was verified as it came.
    trees: Object.fromEntries(
      container.current.artifacts.map(({ artifact, home }) => [
        artifact.name,
        trees[home] ?? promisedTree(home),
      ]),
    ),
    ...(container.rescued === undefined ? {} : { rescued: container.rescued.slice(0, textLength) }),
  };
}

/**
 * The level of isolation as tools of the gateway, so that artifacts can require it like any other: `isolation-full` and
 * `isolation-user`, or the latter alone, or neither.
 */
export function isolationTools({ level }: Launcher): Component[] {
  return isolationFacts(level).map((name) => ({ name, version: '1.0.0' }));
}

/** `signatures` where what is installed is verified, so that an artifact can require that: once a root is pinned. */
export function signatureTools({ isPinned }: Pick<GatewayTrust, 'isPinned'>): Component[] {
  return isPinned ? [{ name: 'signatures', version: '1.0.0' }] : [];
}
