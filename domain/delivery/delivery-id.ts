/** Names one delivery of one rollout; gateways see it as an opaque text. */
export interface DeliveryKey {
  readonly rolloutId: string;
  /** Place of the delivery in its rollout, from 0. */
  readonly ordinal: number;
}

const pattern = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(\d{1,9})$/;

export function formatDeliveryId({ rolloutId, ordinal }: DeliveryKey): string {
  return `${rolloutId}.${ordinal}`;
}

/** @returns null when the text is no delivery id */
export function parseDeliveryId(text: string): DeliveryKey | null {
  const match = pattern.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  return { rolloutId: match[1], ordinal: Number(match[2]) };
}
