/** Names one delivery of one rollout; gateways see it as an opaque text. */
export interface DeliveryKey {
  readonly rolloutId: string;
  /** Place of the delivery in its rollout, from 0. */
  readonly ordinal: number;
  /** Times that it was planned anew: what a gateway refused it does not meet again. Default 0. */
  readonly attempt?: number;
}

const pattern = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(\d{1,9})(?:\.([1-9]\d?))?$/;

export function formatDeliveryId({ rolloutId, ordinal, attempt = 0 }: DeliveryKey): string {
  return `${rolloutId}.${ordinal}${attempt === 0 ? '' : `.${attempt}`}`;
}

/** @returns null when the text is no delivery id */
export function parseDeliveryId(text: string): DeliveryKey | null {
  const match = pattern.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  const attempt = match[3] === undefined ? {} : { attempt: Number(match[3]) };
  return { rolloutId: match[1], ordinal: Number(match[2]), ...attempt };
}
