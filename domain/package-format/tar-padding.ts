/** Writers fill their last record up; theirs have some kilobytes. */
const mostPadding = 1024 * 1024;

/**
 * The bytes of a tar archive up to its end. What follows it is not for a parser that keeps all it is given, at a cost that
 * grows with its square.
 * @param isAtEnd whether the parser has seen the end
 * @param tooMuch what is thrown when more follows than any writer leaves there
 */
export async function* withoutPadding(
  bytes: AsyncIterable<Uint8Array>,
  isAtEnd: () => boolean,
  tooMuch: () => Error,
): AsyncGenerator<Uint8Array, void, void> {
  let padding = 0;
  for await (const chunk of bytes) {
    if (isAtEnd()) padding += chunk.length;
    else yield chunk;
  }
  // Only now: whoever sends it hears of it once all of it has been taken.
  if (padding > mostPadding) throw tooMuch();
}
