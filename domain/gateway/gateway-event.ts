/** What happens to a gateway besides its deliveries. */
export const gatewayEventKinds = ['moved', 'profile', 'agent', 'channel', 'state'] as const;
export type GatewayEventKind = (typeof gatewayEventKinds)[number];

export interface GatewayChange {
  readonly what: string;
  /** Null when there was nothing; the beginning of what is long. */
  readonly from: string | null;
  readonly to: string | null;
}

const texts: Readonly<Record<GatewayEventKind, string>> = {
  moved: 'moved to another node',
  profile: 'reported another profile',
  agent: 'has another agent',
  channel: 'speaks another channel',
  state: 'was put into another state',
};

/** As people read it. */
export function gatewayEventText(kind: GatewayEventKind, changes: readonly GatewayChange[]): string {
  const told = changes.map(({ what, from, to }) => {
    const change = `${from ?? 'none'} → ${to ?? 'none'}`;
    // What a kind is about need not be named again.
    return kind === 'profile' ? `${what} ${change}` : change;
  });
  return `${texts[kind]}: ${told.join(', ')}`;
}
