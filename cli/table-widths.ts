/** A column of an id or a word stays readable at that. */
const narrowest = 10;

/**
 * Widths of columns that fit together: as wide as they would be, or the widest narrowed as far as it takes. What does not fit
 * into its column goes on in the next line.
 * @param natural width of each column, with what stands between it and the next
 * @param available characters of a line
 */
export function tableWidths(natural: readonly number[], available: number): number[] {
  const widths = [...natural];
  let excess = natural.reduce((sum, width) => sum + width, 0) - available;
  while (excess > 0) {
    const widest = Math.max(...widths);
    if (widest <= narrowest) break;
    // Down to the next that is as wide, so that all of the widest are narrowed alike.
    const next = Math.max(narrowest, ...widths.filter((width) => width < widest));
    const those = widths.filter((width) => width === widest).length;
    const less = Math.max(1, Math.min(widest - next, Math.floor(excess / those)));
    for (const [at, width] of widths.entries()) {
      if (width !== widest || excess <= 0) continue;
      widths[at] = width - less;
      excess -= less;
    }
  }
  return widths;
}
