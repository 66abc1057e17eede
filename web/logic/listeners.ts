/** Who is told that something has changed, without being told what: React looks for itself (`useSyncExternalStore`). */
export class Listeners {
  private readonly all = new Set<() => void>();

  /** @returns what ends it */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.all.add(listener);
    return () => this.all.delete(listener);
  };

  tell(): void {
    for (const listener of this.all) listener();
  }
}
