import { protocolNames } from './connectivity/protocol-names.js';
import type { Container } from './container/container.js';
import { installedFacts } from './container/generation.js';
import type { AgentOptions } from './options.js';

/** What the agent itself knows of the gateway's profile. */
export function agentFacts(options: AgentOptions, id: string, container: Container): Record<string, unknown> {
  return {
    id,
    ...(options.mac === undefined ? {} : { mac: options.mac }),
    strategies: options.strategy === 'push' ? ['push', 'pull'] : ['pull'],
    protocols: options.protocols ?? protocolNames.slice(0, 1),
    ...(options.labels === undefined ? {} : { labels: options.labels }),
    installed: container.current.artifacts.map(installedFacts),
  };
}
