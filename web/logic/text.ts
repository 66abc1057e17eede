/** Text that came from elsewhere, made safe to look at. */

/** Characters that turn what stands around them, or cannot be seen. */
const unseen = /[\p{Cc}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2060}-\u{2069}\u{feff}]/gu;

/** Every control character, and every one that has no shape or turns the direction, as a sign that shows that it is there. */
export function printable(text: string): string {
  return text.replace(unseen, '\u{fffd}');
}

/** The same over several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** Cut to so many characters, whole ones, with a sign that something is missing. */
export function shortened(text: string, most: number): string {
  const characters = Array.from(text);
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}

/** An argument as a shell takes it. */
export function quoted(argument: string): string {
  return /^[\w@%+=:,./^~-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

/** What a gateway or LEONORE said of a failure, in a line; empty when there was none. */
export function problemText(error: unknown): string {
  if (error === null || error === undefined) return '';
  const { message } = error as { readonly message?: unknown };
  return typeof message === 'string' ? message : JSON.stringify(error);
}
