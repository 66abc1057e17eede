import { useState } from 'react';
import { Input, Label, TextField } from 'react-aria-components';
import { Link } from 'wouter';
import { longestViewName, viewsFrom, withoutView, withView, type SavedView } from '../logic/saved-views.js';
import { printable } from '../logic/text.js';
import { Name } from './name.js';
import { PressButton } from './press-button.js';

interface SavedViewsProps {
  /** The page that they are of. */
  readonly page: string;
  /** What is shown now, as it stands in the address without `?`. */
  readonly query: string;
}

/** Lists that somebody has given a name; this browser keeps them. */
export function SavedViews({ page, query }: SavedViewsProps) {
  const key = `leonore.views.${page}`;
  const [views, setViews] = useState(() => viewsFrom(localStorage.getItem(key)));
  const [name, setName] = useState('');
  const keep = (next: SavedView[]) => {
    localStorage.setItem(key, JSON.stringify(next));
    setViews(next);
  };
  const shown = views.find((view) => view.query === query);
  return (
    <details className="saved-views">
      <summary>Saved views{shown === undefined ? '' : `: ${printable(shown.name)}`}</summary>
      {views.length > 0 && (
        <ul className="plain-list">
          {views.map((view) => (
            <li key={view.name}>
              <Link
                href={view.query === '' ? page : `${page}?${view.query}`}
                {...(view === shown ? { 'aria-current': 'true' as const } : {})}
              >
                <Name text={view.name} />
              </Link>{' '}
              <PressButton
                kind="bare"
                label={`Forget ${printable(view.name)}`}
                onPress={() => keep(withoutView(views, view.name))}
              >
                Forget
              </PressButton>
            </li>
          ))}
        </ul>
      )}
      <form
        className="filters"
        aria-label="Save this view"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() === '') return;
          keep(withView(views, { name: name.trim(), query }));
          setName('');
        }}
      >
        <TextField
          className="field"
          value={name}
          onChange={setName}
          maxLength={longestViewName}
          autoComplete="off"
        >
          <Label>Name of what is shown now</Label>
          <Input />
        </TextField>
        <PressButton type="submit">Save</PressButton>
      </form>
    </details>
  );
}
