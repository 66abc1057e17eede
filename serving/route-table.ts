/** Which methods there are at which addresses, for telling a wrong method from a wrong address. */
export class RouteTable {
  private readonly routes = new Map<string, { readonly segments: string[]; readonly methods: Set<string> }>();

  /** @param url as the router has it: `/gateways/:id`, or `/gateways/:id(^[0-9]+$)` for what matches alone */
  add(method: string | string[], url: string): void {
    const known = this.routes.get(url) ?? { segments: url.split('/'), methods: new Set<string>() };
    for (const one of [method].flat()) known.methods.add(one);
    this.routes.set(url, known);
  }

  /** The methods at the address of a request, in order; none when there is nothing. */
  methodsAt(url: string): string[] {
    const path = (url.split(/[?#]/u, 1)[0] ?? '').split('/');
    const found = [...this.routes.values()].filter(({ segments }) => isAt(segments, path));
    return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort();
  }
}

function isAt(segments: readonly string[], path: readonly string[]): boolean {
  return (
    segments.length === path.length &&
    segments.every((segment, place) =>
      segment.startsWith(':') ? takes(segment, path[place] ?? '') : segment === path[place],
    )
  );
}

/** Whether a parameter takes a text. */
function takes(parameter: string, text: string): boolean {
  const [, pattern] = /^:\w+\((.*)\)$/u.exec(parameter) ?? [];
  return pattern === undefined ? text !== '' : new RegExp(pattern, 'u').test(text);
}
