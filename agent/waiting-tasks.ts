import type { Order, Task } from '../domain/agent-protocol/messages.js';

interface Waiting {
  readonly task: Task | Order;
  readonly opensAtMs: number;
}

/**
 * Tasks and orders that were believed, and wait for their windows. They are held in memory alone: what was lost with it is
 * offered again, and before that nobody has said what time it is.
 */
export class WaitingTasks {
  #waiting: ReadonlyMap<string, Waiting> = new Map();

  /** @param nowMs milliseconds since 1970 */
  constructor(private readonly nowMs: () => number) {}

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  add(task: Task | Order, opensAtMs: number): void {
    this.#waiting = new Map([...this.#waiting, [task.deliveryId, { task, opensAtMs }]]);
  }

  /** What is offered no longer has been ended by LEONORE. */
  keep(offered: readonly (Task | Order)[]): void {
    const ids = new Set(offered.map(({ deliveryId }) => deliveryId));
    this.#waiting = new Map([...this.#waiting].filter(([id]) => ids.has(id)));
  }

  /** Whether it waits already, and its window is not open yet. */
  isToWait({ deliveryId }: Task | Order): boolean {
    const known = this.#waiting.get(deliveryId);
    return known !== undefined && known.opensAtMs > this.nowMs();
  }

  /** Takes out those whose windows have opened, and which have not expired meanwhile. */
  takeOpen(): (Task | Order)[] {
    const now = this.nowMs();
    const open = [...this.#waiting.values()].filter(({ opensAtMs }) => opensAtMs <= now);
    this.#waiting = new Map([...this.#waiting].filter(([, { opensAtMs }]) => opensAtMs > now));
    return open.map(({ task }) => task).filter(({ signed }) => !(Date.parse(signed?.expires ?? '') <= now));
  }

  /** Milliseconds until the next window opens; without end when nothing waits. */
  get leftMs(): number {
    const opens = [...this.#waiting.values()].map(({ opensAtMs }) => opensAtMs - this.nowMs());
    return Math.max(0, Math.min(Number.POSITIVE_INFINITY, ...opens));
  }
}
