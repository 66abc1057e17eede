import { useState, type ReactNode } from 'react';
import { numberText } from '../logic/numbers.js';
import { Name } from './name.js';
import { PressButton } from './press-button.js';

interface FacetProps {
  readonly title: string;
  readonly items: readonly { readonly value: string; readonly count: number }[];
  readonly chosen: string | undefined;
  readonly onChoose: (value: string) => void;
}

/** Entries that are shown until somebody asks for the others. */
const shownFirst = 8;

/** What a list can be narrowed to, with how many are left then. */
export function Facet({ title, items, chosen, onChoose }: FacetProps) {
  const [showsAll, setShowsAll] = useState(false);
  const present = items.filter(({ value, count }) => count > 0 || value === chosen);
  if (present.length === 0) return null;
  // What is chosen can be given up, also when nothing of it is left.
  const all =
    chosen === undefined || present.some(({ value }) => value === chosen)
      ? present
      : [{ value: chosen, count: 0 }, ...present];
  const more = showsAll ? 'Fewer' : `All ${all.length}`;
  return (
    <section className="facet" aria-label={title}>
      <h2>{title}</h2>
      <ul>
        {(showsAll ? all : all.slice(0, shownFirst)).map(({ value, count }) => (
          <li key={value}>
            <button type="button" aria-pressed={value === chosen} onClick={() => onChoose(value)}>
              <Name text={value} />
              <span>{numberText(count)}</span>
            </button>
          </li>
        ))}
      </ul>
      {all.length > shownFirst && (
        <PressButton kind="bare" onPress={() => setShowsAll(!showsAll)} label={`${more}: ${title}`}>
          {more}
        </PressButton>
      )}
    </section>
  );
}

/** The facets of a list: beside it, or folded above it where there is no room. */
export function FacetList({ children }: { readonly children: ReactNode }) {
  const [isOpen, setIsOpen] = useState(() => matchMedia('(min-width: 1001px)').matches);
  return (
    <details
      className="facet-list"
      open={isOpen}
      onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}
    >
      <summary>Narrow down</summary>
      <div className="facets">{children}</div>
    </details>
  );
}
