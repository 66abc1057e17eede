interface Kept<T> {
  readonly answer: Promise<T>;
  /** Infinite while it is worked on. */
  goodUntilMs: number;
}

/**
 * Answers that cost: one serves all who ask the same within a while, one is worked on at a time, and few wait for that.
 */
export class KeptAnswers<T> {
  private readonly kept = new Map<string, Kept<T>>();
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  constructor(
    private readonly keptMs: number,
    /** That are kept. */
    private readonly most: number,
    private readonly mostWaiting: number,
  ) {}

  /**
   * The answer to a question.
   * @returns null when so many wait already that this one is not taken
   * @throws what `work` throws; then nothing is kept
   */
  async of(question: string, work: () => Promise<T>): Promise<T | null> {
    const known = this.kept.get(question);
    if (known !== undefined && known.goodUntilMs > performance.now()) return known.answer;
    if (this.waiting >= this.mostWaiting) return null;
    this.kept.delete(question);
    this.waiting += 1;
    const answer = this.last.then(work).finally(() => (this.waiting -= 1));
    this.last = answer.catch(() => undefined);
    const kept: Kept<T> = { answer, goodUntilMs: Infinity };
    this.kept.set(question, kept);
    const [oldest] = this.kept.keys();
    if (this.kept.size > this.most && oldest !== undefined) this.kept.delete(oldest);
    try {
      await answer;
      kept.goodUntilMs = performance.now() + this.keptMs;
    } catch (error) {
      if (this.kept.get(question) === kept) this.kept.delete(question);
      throw error;
    }
    return answer;
  }
}
