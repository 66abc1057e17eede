import { setMaxListeners } from 'node:events';
import type { PushTarget } from '../repositories/delivery/delivery-repository.js';
import type { GatewayHandler } from './gateway-handler.js';

/** Notices under way at once: keeps sockets and memory bounded whatever the size of the fleet. */
const concurrency = 64;

/** Notifies the gateways of a chunk, each through the handlers of the protocols that were agreed on with it. */
export class PushNotifier {
  /** @param beforehand told of each gateway before it is notified: it will ask at once what is new */
  constructor(
    private readonly handlers: readonly GatewayHandler[],
    private readonly beforehand: (gatewayId: string) => void,
  ) {}

  /** @returns ids of the gateways that took the notice */
  async notify(targets: readonly PushTarget[], signal: AbortSignal): Promise<readonly string[]> {
    signal.throwIfAborted();
    // Each notice listens for the end: on a signal of their own, so that the caller's is not taken for one that leaks.
    const ending = new AbortController();
    setMaxListeners(0, ending.signal);
    const end = () => ending.abort(signal.reason);
    signal.addEventListener('abort', end);
    try {
      return await this.notifyAll(targets, ending.signal);
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  private async notifyAll(targets: readonly PushTarget[], signal: AbortSignal): Promise<string[]> {
    const reached: string[] = [];
    const queue = targets.values();
    const worker = async () => {
      for (const target of queue) {
        signal.throwIfAborted();
        this.beforehand(target.gatewayId);
        if (await this.notifyOne(target, signal)) reached.push(target.gatewayId);
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, targets.length) }, worker));
    return reached;
  }

  /** By the first of its protocols that it takes the notice by. */
  private async notifyOne(target: PushTarget, signal: AbortSignal): Promise<boolean> {
    for (const protocol of target.protocols) {
      const handler = this.handlers.find((candidate) => candidate.protocol === protocol);
      if (handler !== undefined && (await handler.notify(target, signal))) return true;
    }
    return false;
  }
}
