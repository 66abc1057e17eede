/** Lets at most `limit` tasks run at the same time; the others wait in the order in which they came. */
export class Limiter {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  /** Index of the next waiter: shifting an array of thousands at each step would cost its length. */
  private next = 0;

  constructor(private readonly limit: number) {}

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.running >= this.limit) {
      // The place is handed over by the one who leaves, so `running` does not change for a waiter.
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else {
      this.running++;
    }
    try {
      return await task();
    } finally {
      this.leave();
    }
  }

  private leave(): void {
    const waiter = this.waiting[this.next];
    if (waiter === undefined) {
      this.running--;
      return;
    }
    this.next++;
    if (this.next === this.waiting.length) {
      this.waiting.length = 0;
      this.next = 0;
    }
    waiter();
  }
}
