/** Whether so many of all are more than a share: 1 of 20 is not more than 0.05, whatever binary fractions make of it. */
export function exceedsShare(count: number, share: number, all: number): boolean {
  return count > share * all + 1e-9 * all;
}
