import { toneOf } from '../logic/tones.js';

/** A state as a word in its colour. */
export function StateChip({ state, note }: { readonly state: string; readonly note?: string | null }) {
  return (
    <span className={`chip tone-${toneOf(state)}`}>
      <span className="dot" aria-hidden="true" />
      {state}
      {note === undefined || note === null ? '' : `, ${note}`}
    </span>
  );
}
