/** Names one gateway's part in an order; gateways see it as an opaque delivery id. */
const pattern = /^order\.(\d{1,15})$/;

export function formatOrderId(number: bigint): string {
  return `order.${number}`;
}

/** @returns null when the text names no order */
export function parseOrderId(text: string): bigint | null {
  const match = pattern.exec(text);
  return match?.[1] === undefined ? null : BigInt(match[1]);
}
