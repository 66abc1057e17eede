interface Evidence {
  readonly gatewayId: string;
  readonly standing: string;
}

/** Gateways that an address can name one by one. */
export const plannedAtOnce = 100;

/** What is as it was to become, and what is not there any more. */
const done: ReadonlySet<string> = new Set(['succeeded', 'gone']);

/**
 * The gateways of a campaign that have not got what it was to bring.
 *
 * @param readPage reads a page of its report
 * @returns null when they are more than can be planned one by one
 */
export async function restOf(
  readPage: (cursor: string | null) => Promise<{
    readonly items: readonly Evidence[];
    readonly nextCursor: string | null;
  }>,
): Promise<string[] | null> {
  const rest: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await readPage(cursor);
    rest.push(...page.items.filter(({ standing }) => !done.has(standing)).map(({ gatewayId }) => gatewayId));
    if (rest.length > plannedAtOnce) return null;
    cursor = page.nextCursor;
  } while (cursor !== null);
  return rest;
}
