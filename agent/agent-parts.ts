/** The parts that an agent is put together from, opened in the order in which they need each other. */
import { LeonoreError } from '../domain/errors.js';
import { agentFacts } from './agent-facts.js';
import type { Connectivity } from './connectivity/connectivity.js';
import { openConnectivity } from './connectivity/registry.js';
import { Container } from './container/container.js';
import { Supervisor } from './container/supervisor.js';
import { ControlGroups } from './isolation/control-groups.js';
import { Launcher } from './isolation/launcher.js';
import { agentVersion, defaultApplicationLimits, defaultTimes, type AgentOptions } from './options.js';
import { dynamicLinuxFacts, linuxTools, macAddress, staticLinuxFacts } from './profiler/linux-facts.js';
import { Profiler } from './profiler/profiler.js';
import { isolationTools, signatureTools } from './profiler/state-facts.js';
import { agentPaths } from './state/agent-paths.js';
import { boundedLog, type Log } from './state/bounded-log.js';
import { EndedDeliveries } from './state/ended-deliveries.js';
import { Authorities } from './state/authorities.js';
import { GatewayIdentity } from './state/gateway-identity.js';
import { Journal } from './state/journal.js';
import { ReportQueue } from './state/report-queue.js';
import { GatewayTrust } from './trust/gateway-trust.js';

export interface AgentParts {
  /** Whoever wants to know of what happens to applications. */
  readonly news: { listener: () => void };
  readonly identity: GatewayIdentity;
  readonly authorities: Authorities;
  readonly launcher: Launcher;
  readonly container: Container;
  readonly supervisor: Supervisor;
  readonly profiler: Profiler;
  readonly journal: Journal;
  readonly queue: ReportQueue;
  readonly ended: EndedDeliveries;
  readonly trust: GatewayTrust;
  readonly connectivity: Connectivity;
  readonly log: Log;
}

/**
 * Opens state files, container, supervisor, profiler and connectivity.
 *
 * @throws LeonoreError MALFORMED_INPUT when there is nothing to register with, or the profile is not valid
 */
export async function openParts(options: AgentOptions): Promise<AgentParts> {
  const paths = agentPaths(options.root);
  const times = { ...defaultTimes, ...options.times };
  const log = boundedLog(paths.log, options.log);
  const identity = await GatewayIdentity.open({
    paths,
    id: options.id,
    mac: options.mac ?? macAddress(),
    enrolmentToken: options.enrolmentToken,
    enrolmentTokenFile: options.enrolmentTokenFile,
    log,
  });
  const authorities = await Authorities.open({ path: paths.authorities, given: options.authority, log });
  if (authorities.pem !== undefined && !options.server.startsWith('https:'))
    throw new LeonoreError('MALFORMED_INPUT', 'Whoever has pinned an authority speaks to an https address.');
  const { id, mark } = identity.known;
  const launcher = await Launcher.open({
    container: paths.container,
    own: paths.own,
    mark,
    groups: await ControlGroups.open(`leonore-${mark.slice(0, 12)}`),
    most: options.isolation ?? 'full',
    user: options.applicationUser,
    limits: { ...defaultApplicationLimits, ...options.applicationLimits },
    log,
  });
  const container = await Container.open(paths.container, launcher);
  const measured = [staticLinuxFacts, dynamicLinuxFacts(paths.container)];
  const told = [
    { name: 'overlay', read: () => options.profileOverlay ?? {} },
    { name: 'agent', read: () => agentFacts(options, id, container) },
  ];
  // An overlay that makes no profile is refused at once; asking the tools for their versions takes its time.
  await new Profiler([...measured, ...told]).read();
  const trust = await GatewayTrust.open({
    path: paths.trust,
    root: options.trustRoot,
    isRequired: options.requireSignatures === true,
  });
  const tools = linuxTools(() => [...isolationTools(launcher), ...signatureTools(trust)]);
  const profiler = new Profiler([...measured, tools, ...told]);
  const news: AgentParts['news'] = { listener: () => undefined };
  return {
    news,
    identity,
    authorities,
    launcher,
    container,
    profiler,
    log,
    supervisor: new Supervisor({
      container,
      launcher,
      gatewayId: id,
      temporary: paths.temporary,
      log,
      graceMs: times.graceMs,
      checkWithinMs: times.checkWithinMs,
      onNews: () => news.listener(),
    }),
    journal: new Journal(paths.journal),
    queue: await ReportQueue.open(paths.reports),
    ended: await EndedDeliveries.open(paths.ended),
    trust,
    connectivity: await openConnectivity({
      protocols: options.protocols,
      gatewayId: id,
      server: options.server,
      tls: { authorities, client: options.clientCertificate },
      timeoutMs: times.requestTimeoutMs,
      firstRetryMs: times.firstRetryMs,
      mostRetryMs: times.mostRetryMs,
      userAgent: `leonore-agent/${agentVersion}`,
      ...(options.strategy === 'push' && options.holds === true ? { holds: true } : {}),
      ...(options.strategy === 'push' && options.holds !== true
        ? { push: { host: options.pushHost ?? '127.0.0.1', port: options.pushPort ?? 0 } }
        : {}),
    }),
  };
}
