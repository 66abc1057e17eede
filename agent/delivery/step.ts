import type { JournalEntry } from '../state/journal.js';
import type { DeliveryContext } from './delivery-context.js';

/** Where within a step things stand, for the report of a failure: `verify`, `unpack`, `health`, ... */
export interface Progress {
  at: string;
  /** What the journal says; a step that writes it in between says so here. */
  entry: JournalEntry;
}

/** A step returns what the journal says next. */
export type Step = (
  context: DeliveryContext,
  entry: JournalEntry,
  progress: Progress,
) => Promise<JournalEntry>;
