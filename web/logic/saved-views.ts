/** Lists that somebody has given a name, as the browser keeps them. */
export interface SavedView {
  readonly name: string;
  /** What the address asks for, without `?`. */
  readonly query: string;
}

const mostViews = 50;
export const longestViewName = 60;

/** What was kept; what cannot be read is nothing. */
export function viewsFrom(kept: string | null): SavedView[] {
  let read: unknown;
  try {
    read = JSON.parse(kept ?? '[]');
  } catch {
    return [];
  }
  return Array.isArray(read) ? read.filter(isView).slice(0, mostViews) : [];
}

function isView(value: unknown): value is SavedView {
  const { name, query } = (value ?? {}) as Partial<Record<keyof SavedView, unknown>>;
  return typeof name === 'string' && name !== '' && typeof query === 'string';
}

/** With one more, by name; one of the same name is replaced. */
export function withView(views: readonly SavedView[], view: SavedView): SavedView[] {
  return [...withoutView(views, view.name), view]
    .sort((one, other) => one.name.localeCompare(other.name))
    .slice(0, mostViews);
}

export function withoutView(views: readonly SavedView[], name: string): SavedView[] {
  return views.filter((one) => one.name !== name);
}
