/**
 * How many cases a property is tried with: a quarter of those of a soak (LEONORE_SOAK=1). They are other ones in each run.
 * @param soak of a soak
 */
export function propertyRuns(soak: number): number {
  return process.env['LEONORE_SOAK'] === '1' ? soak : Math.ceil(soak / 4);
}
