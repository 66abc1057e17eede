/**
 * The name that was probably meant: the nearest by edits (a letter added, left out, changed, or swapped with its neighbour),
 * if it is near; null when none is. Of equally near ones the first.
 */
export function nearestName(name: string, known: readonly string[]): string | null {
  if (name.length > longest) return null;
  const most = Math.max(1, Math.floor(name.length / 3));
  let nearest: { name: string; edits: number } | null = null;
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) > most) continue;
    const edits = editsBetween(name.toLowerCase(), candidate.toLowerCase());
    if (edits <= most && (nearest === null || edits < nearest.edits)) nearest = { name: candidate, edits };
  }
  return nearest?.name ?? null;
}

/** Nobody misspells a longer name by a few letters only to be helped by this. */
const longest = 64;

function editsBetween(left: string, right: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1] ? 0 : 1;
      let edits = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + same,
      );
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (swapped) edits = Math.min(edits, (beforeLast[column - 2] ?? 0) + 1);
      current.push(edits);
    }
    [beforeLast, last] = [last, current];
  }
  return last[right.length] ?? 0;
}
