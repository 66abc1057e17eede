/**
 * The one rule for text that comes from outside: valid Unicode, without NUL, bounded. PostgreSQL holds neither NUL nor half
 * of a surrogate pair, and one such text in a batch would fail the whole statement. Every schema of what people, gateways
 * and artifacts send is made with {@link Text}, or has a pattern that allows less. What programs printed is not refused for
 * its bytes but cleaned, see {@link cleanText}.
 */
import Type, { type TSchema } from 'typebox';

/** To be read with the flag `u`, as JSON Schema wants it: whole characters of any plane pass, halves do not. */
export const textPattern = '^[^\\u0000\\ud800-\\udfff]*$';
/** What the pattern says, in words. */
export const textRule = 'must be valid Unicode without NUL';

/** A text of at most so many characters. */
export function Text(maxLength: number, options: { minLength?: number; description?: string } = {}) {
  return Type.String({ maxLength, pattern: textPattern, ...options });
}

/**
 * Values by name, and no name but those of the pattern. (The pattern stands there twice: documents that are made of the schema
 * lose the first.)
 */
export function RecordOf<T extends TSchema>(
  namePattern: string,
  value: T,
  options: { maxProperties: number; description?: string },
) {
  return Type.Record(Type.String({ pattern: namePattern }), value, {
    additionalProperties: false,
    propertyNames: { pattern: namePattern },
    ...options,
  });
}

/** A text as {@link Text} takes it: what does not belong there is replaced, and the end of what is too long is cut off. */
export function cleanText(text: string, maxLength: number): string {
  const sound = text.replaceAll('\0', '\u{FFFD}').toWellFormed();
  if (sound.length <= maxLength) return sound;
  // The cut may fall between the halves of a pair.
  return sound.slice(0, maxLength).replace(/[\ud800-\udbff]$/, '');
}
