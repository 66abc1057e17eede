import type { Order, Task } from '../../domain/agent-protocol/messages.js';
import { windowState, type WindowState } from '../../domain/agent-protocol/switch-windows.js';
import type { DeliveryContext } from './delivery-context.js';

/** What the present is to the windows of a task or an order. */
export function windowOf(
  { nowMs }: Pick<DeliveryContext, 'nowMs'>,
  { switchWindows }: Task | Order,
): WindowState {
  return windowState(switchWindows, nowMs() / 1_000);
}

/** What a report says of it, when there is something to wait for. */
export function windowDetail(window: WindowState): string | undefined {
  if (window.state !== 'waiting') return undefined;
  const at = new Date(window.opensAtSeconds * 1_000).toISOString();
  return `waits for its window at ${at.replace('.000', '')}`;
}
