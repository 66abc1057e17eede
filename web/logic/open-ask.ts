import { Listeners } from './listeners.js';

/** What is asked, in a dialog above the page. */
export interface Asked<T> {
  /** Of the button that opened it. */
  readonly id: string;
  readonly what: T;
  /** Whether the page still offers it: what others do may take its button away while somebody reads. */
  readonly isOffered: boolean;
}

/**
 * The one question that is open. It outlives the button that asked it, so that what happens beneath it never takes away
 * what somebody is reading or typing.
 */
export class OpenAsk<T> {
  private current: Asked<T> | null = null;
  private readonly listeners = new Listeners();

  readonly subscribe = this.listeners.subscribe;

  readonly asked = (): Asked<T> | null => this.current;

  open(id: string, what: T): void {
    this.set({ id, what, isOffered: true });
  }

  /** The page shows its button, as it is now. */
  offer(id: string, what: T): void {
    if (this.current?.id === id) this.set({ id, what, isOffered: true });
  }

  /** The page has no such button any more. */
  withdraw(id: string): void {
    if (this.current?.id === id) this.set({ ...this.current, isOffered: false });
  }

  close(): void {
    if (this.current !== null) this.set(null);
  }

  private set(asked: Asked<T> | null): void {
    this.current = asked;
    this.listeners.tell();
  }
}
