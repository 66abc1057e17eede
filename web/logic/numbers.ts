import { counted } from '../../domain/units.js';

const whole = new Intl.NumberFormat('en');
const rounded = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

/** `4,866`. */
export function numberText(value: number): string {
  return whole.format(value);
}

/** A part of 1 as `3.2 %`, which stays together at the end of a line. */
export function shareText(share: number): string {
  return `${rounded.format(share * 100)}\u{a0}%`;
}

/** `1 gateway`, `4,866 gateways`. */
export function countedText(count: number, one: string, many?: string): string {
  return counted(count, one, many, numberText);
}
