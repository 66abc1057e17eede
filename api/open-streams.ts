import { LeonoreError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';

/** The streams that are open, in all and of each caller. */
export class OpenStreams {
  private readonly ofCallers = new Map<string, number>();
  private all = 0;

  /**
   * @returns to be called once, when the stream is closed
   * @throws LeonoreError TOO_MANY_REQUESTS
   */
  open(principal: string): () => void {
    const own = this.ofCallers.get(principal) ?? 0;
    if (own >= limits.streams.ofOne)
      throw new LeonoreError('TOO_MANY_REQUESTS', `${own} streams of this caller are open already`);
    if (this.all >= limits.streams.most)
      throw new LeonoreError('TOO_MANY_REQUESTS', `${this.all} streams are open already`);
    this.count(principal, 1);
    return () => this.count(principal, -1);
  }

  private count(principal: string, change: 1 | -1): void {
    this.all += change;
    const own = (this.ofCallers.get(principal) ?? 0) + change;
    if (own === 0) this.ofCallers.delete(principal);
    else this.ofCallers.set(principal, own);
  }
}
