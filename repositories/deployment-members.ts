import { matches, parseSelector } from '../domain/selector/selector.js';
import type { Deployment } from './deployment-repository.js';
import type { Gateway, GatewayRepository } from './gateway-repository.js';

/** Gateways read and matched at once. */
const pageSize = 1_000;

/** Who belongs to a deployment now: the list, or all gateways that its selector matches. */
export class DeploymentMembers {
  constructor(private readonly gateways: GatewayRepository) {}

  /** The gateways, in pages of bounded size. */
  async *pages(deployment: Pick<Deployment, 'gatewayIds' | 'selector'>): AsyncGenerator<Gateway[]> {
    if (deployment.selector === null) {
      yield* this.gateways.pages(pageSize, deployment.gatewayIds);
      return;
    }
    const selector = parseSelector(deployment.selector);
    for await (const page of this.gateways.pages(pageSize)) {
      const matching = page.filter((gateway) => matches(selector, gateway.profile));
      if (matching.length > 0) yield matching;
    }
  }

  /** How many there are. */
  async count(deployment: Pick<Deployment, 'gatewayIds' | 'selector'>): Promise<number> {
    let count = 0;
    for await (const page of this.pages(deployment)) count += page.length;
    return count;
  }
}
