import type { PushTarget } from '../repositories/delivery/delivery-repository.js';
import type { GatewayHandler } from './gateway-handler.js';

/** Notices under way at once: keeps sockets and memory bounded whatever the size of the fleet. */
const concurrency = 64;

/** Notifies the gateways of a chunk, each through the handler of its protocol. */
export class PushNotifier {
  /** @param beforehand told of each gateway before it is notified: it will ask at once what is new */
  constructor(
    private readonly handlers: readonly GatewayHandler[],
    private readonly beforehand: (gatewayId: string) => void,
  ) {}

  /** @returns how many gateways took the notice */
  async notify(targets: readonly PushTarget[], signal: AbortSignal): Promise<number> {
    let reached = 0;
    const queue = targets.values();
    const worker = async () => {
      for (const target of queue) {
        signal.throwIfAborted();
        this.beforehand(target.gatewayId);
        const handler = this.handlers.find((candidate) => candidate.protocol === target.protocol);
        if (handler !== undefined && (await handler.notify(target, signal))) reached += 1;
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, targets.length) }, worker));
    return reached;
  }
}
