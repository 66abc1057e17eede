export interface Findable {
  readonly kind: string;
  readonly text: string;
  /** What it is found by besides. */
  readonly also?: string;
  readonly href: string;
}

/** Those that have a text in them, those that begin with it first; without a text, the first ones. */
export function findIn(items: readonly Findable[], text: string, most: number): Findable[] {
  const wanted = text.trim().toLowerCase();
  const matching = items.filter(({ text: own, also = '' }) =>
    `${own}\n${also}`.toLowerCase().includes(wanted),
  );
  const begins = ({ text: own }: Findable) => own.toLowerCase().startsWith(wanted);
  return [...matching.filter(begins), ...matching.filter((item) => !begins(item))].slice(
    0,
    Math.max(0, most),
  );
}
