/** Numbers as people read them; everybody who shows one says it so. */

/**
 * `1 package`, `2 packages`.
 * @param many of what has another plural than with an s
 * @param shown how the number itself is written
 */
export function counted(
  count: number,
  one: string,
  many = `${one}s`,
  shown: (count: number) => string = String,
): string {
  return `${shown(count)} ${count === 1 ? one : many}`;
}

export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** So many seconds. */
export function secondsText(seconds: number): string {
  if (seconds < 90) return `${seconds.toFixed(1)} s`;
  if (seconds < 5_400) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.round((seconds % 3_600) / 60)} min`;
}
