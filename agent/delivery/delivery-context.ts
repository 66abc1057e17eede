import { dirname, join } from 'node:path';
import type { Order, Task } from '../../domain/agent-protocol/messages.js';
import type { DownloadSink } from '../connectivity/connectivity.js';
import type { Container } from '../container/container.js';
import { isToRun, type InstalledArtifact } from '../container/generation.js';
import { runScript } from '../container/run-script.js';
import { scriptEnvironment, type EnvironmentFacts } from '../container/script-environment.js';
import { unmetRequirements } from '../container/unmet-requirements.js';
import type { Supervisor } from '../container/supervisor.js';
import type { PackageStatements } from '../../domain/trust/statement.js';
import type { GatewayTrust } from '../trust/gateway-trust.js';
import type { AgentPaths } from '../state/agent-paths.js';
import type { Log } from '../state/bounded-log.js';
import type { Journal, JournalEntry } from '../state/journal.js';
import { StateError } from './delivery-failure.js';
import { messageOf } from '../state/system-error.js';

/** All that the steps of a delivery work with. */
export interface DeliveryContext {
  readonly paths: AgentPaths;
  readonly container: Container;
  readonly supervisor: Supervisor;
  readonly journal: Journal;
  readonly facts: EnvironmentFacts;
  readonly times: DeliveryTimes;
  readonly log: Log;
  /** Aborted when the agent is to end: the step is left as a power cut would leave it. */
  readonly signal: AbortSignal;
  /** Milliseconds since 1970, as far as somebody who counts has said so; else 0. */
  readonly nowMs: () => number;
  /** Digest of what is installed now, for plans that were made for it. */
  readonly stateDigest: () => Promise<string>;
  /** Downloads a package's archive into a sink that may hold a part of it. */
  readonly fetchArchive: (
    wanted: { readonly digest: string; readonly sizeBytes: number },
    sink: DownloadSink,
    signal: AbortSignal,
  ) => Promise<void>;
  /** What publishers and builders have signed of a package's artifacts. */
  readonly fetchStatements: (digest: string, signal: AbortSignal) => Promise<PackageStatements>;
  /** Whether the package of this delivery was refused once already, and the delivery was offered again since. */
  readonly wasRefused: (deliveryId: string) => boolean;
  readonly trust: Pick<GatewayTrust, 'isPinned' | 'check'>;
  /** Queues a report; true when LEONORE has ended this delivery meanwhile. */
  readonly reporter: Reporter;
}

export interface Reporter {
  /** @param detail for people */
  progress(task: Task | Order, state: 'downloading' | 'installing', detail?: string): Promise<void>;
  /** The last report of a delivery: after it the task counts as carried out. */
  final(entry: JournalEntry): Promise<void>;
  /** Aborted when LEONORE says that it has ended the delivery. */
  dropped(deliveryId: string): AbortSignal;
}

export interface DeliveryTimes {
  readonly scriptTimeoutMs: number;
  readonly checkWithinMs: number;
  readonly defaultStaysUpMs: number;
}

/** Runs install or uninstall of a package for some of its artifacts. */
export async function runControl(
  context: DeliveryContext,
  control: {
    readonly script: 'install' | 'uninstall';
    readonly directory: string;
    readonly packageId: string;
    readonly generation: string;
    readonly names: readonly string[];
    readonly values: Readonly<Record<string, string>>;
    readonly keepData?: boolean;
    /** Where its scripts may write: theirs while they run, and to be read only afterwards. */
    readonly homes: readonly string[];
  },
): Promise<void> {
  const { directory, packageId, generation, values } = control;
  const { launcher } = context.facts;
  const homes = control.homes.map((home) => context.container.path(home));
  for (const home of homes) await launcher.makeShared(dirname(home));
  for (const path of [join(directory, 'binary'), join(directory, 'dependencies'), ...homes]) {
    await launcher.give(path);
  }
  const environment = scriptEnvironment(context.facts, directory, packageId, generation, values);
  await runScript({
    launcher,
    script: `${directory}/control/${control.script}`,
    args: control.names,
    cwd: context.container.root,
    environment: control.keepData === true ? { ...environment, LEONORE_KEEP_DATA: '1' } : environment,
    timeoutMs: context.times.scriptTimeoutMs,
    signal: context.signal,
  });
  for (const home of homes) await launcher.take(home);
}

/**
 * Uninstalls artifacts of a generation, the last installed first. Goes on after a failure: what a script leaves
 * behind must not keep the rest.
 *
 * @param keepData whether the data of an artifact stays
 * @returns what went wrong, for the report
 */
export async function uninstall(
  context: DeliveryContext,
  generation: string,
  artifacts: readonly InstalledArtifact[],
  keepData: (name: string) => boolean,
): Promise<string[]> {
  const { container, log } = context;
  const problems: string[] = [];
  for (const { artifact, packageId, home } of artifacts.toReversed()) {
    try {
      await runControl(context, {
        script: 'uninstall',
        directory: container.packagePath(packageId),
        packageId,
        generation,
        names: [artifact.name],
        homes: [home],
        values: await container.readValues(generation, packageId),
        keepData: keepData(artifact.name),
      });
    } catch (error) {
      context.signal.throwIfAborted();
      const problem = `uninstalling ${artifact.name}: ${messageOf(error)}`;
      log('warn', 'uninstall failed', { artifact: artifact.name, problem });
      problems.push(problem);
    }
  }
  return problems;
}

/**
 * Refuses an end state that does not hold together, before anything is touched.
 *
 * @throws StateError
 */
export function checkRequirements(artifacts: readonly InstalledArtifact[]): void {
  const unmet = unmetRequirements(artifacts);
  if (unmet.length > 0) throw new StateError(unmet.join('; '));
}

/** What an order gives other values. */
export function configured(
  { container }: DeliveryContext,
  { task }: JournalEntry,
): InstalledArtifact | undefined {
  if (task.action !== 'configure') return undefined;
  return container.current.artifacts.find(({ artifact }) => artifact.name === task.artifact);
}

/**
 * Names of the applications that a step from one generation to another disturbs: those that change themselves or are
 * to run no longer, and all of them when something comes, goes or changes that others may have loaded.
 *
 * @param replacedHomes whose files were damaged, and are others now
 */
export function disturbedNames(
  from: readonly InstalledArtifact[],
  to: readonly InstalledArtifact[],
  running: readonly string[],
  replacedHomes: readonly string[] = [],
): string[] {
  const [before, after] = [from, to].map(
    (artifacts) => new Map(artifacts.map((installed) => [installed.artifact.name, installed])),
  );
  const changed = [...from, ...to].filter(({ artifact: { name }, home }) => {
    const [old, fresh] = [before?.get(name), after?.get(name)];
    return old?.home !== fresh?.home || old?.packageId !== fresh?.packageId || replacedHomes.includes(home);
  });
  if (changed.some(({ artifact }) => artifact.kind !== 'application')) return [...running];
  const stopped = to.filter((installed) => !isToRun(installed));
  const names = new Set([...changed, ...stopped].map(({ artifact }) => artifact.name));
  return running.filter((name) => names.has(name));
}
