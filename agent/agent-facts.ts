import { randomBytes } from 'node:crypto';
import type { Container } from './container/container.js';
import { installedFacts } from './container/generation.js';
import type { AgentOptions } from './options.js';

/** The id of a gateway that was given none. */
export function makeId(mac: string | undefined): string {
  return `gw-${mac === undefined ? randomBytes(6).toString('hex') : mac.replace(/[^0-9A-Za-z]/g, '').toLowerCase()}`;
}

/** What the agent itself knows of the gateway's profile. */
export function agentFacts(options: AgentOptions, id: string, container: Container): Record<string, unknown> {
  return {
    id,
    ...(options.mac === undefined ? {} : { mac: options.mac }),
    strategies: options.strategy === 'push' ? ['push', 'pull'] : ['pull'],
    protocols: ['http'],
    ...(options.labels === undefined ? {} : { labels: options.labels }),
    installed: container.current.artifacts.map(installedFacts),
  };
}
