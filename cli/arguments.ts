import { InvalidArgumentError } from 'commander';

/** Collects an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** Reads a whole number of an option. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

/** `90`, `90s`, `15m`, `6h`, `2d` in seconds. */
export function duration(text: string): number {
  const [, amount, unit = 's'] = /^(\d{1,9})([smhd]?)$/.exec(text) ?? [];
  if (amount === undefined) throw new InvalidArgumentError('It must be a time such as 90s, 15m, 6h or 2d.');
  return Number(amount) * (unitSeconds[unit] ?? 1);
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Splits `NAME@VERSION`; the version is null when it is not named. */
export function nameAndVersion(text: string): { name: string; version: string | null } {
  const at = text.indexOf('@');
  return at === -1 ? { name: text, version: null } : { name: text.slice(0, at), version: text.slice(at + 1) };
}
